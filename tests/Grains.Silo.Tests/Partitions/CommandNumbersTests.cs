using Grains.Silo.Partitions;

namespace Grains.Silo.Tests.Partitions;

public sealed class CommandNumbersTests
{
    [Fact]
    public void Numbers_begin_at_1_and_are_never_given_twice()
    {
        var numbers = new CommandNumbers(4);
        var given = new List<long>();
        for (int i = 0; i < 10; i++)
        {
            Assert.True(numbers.TryTake(out long number));
            numbers.Release(number);
            given.Add(number);
        }

        Assert.Equal(Enumerable.Range(1, 10).Select(n => (long)n), given);
    }

    [Fact]
    public void The_oldest_unanswered_command_holds_the_window()
    {
        var numbers = new CommandNumbers(4);
        Assert.All(Enumerable.Range(1, 4), _ => Assert.True(numbers.TryTake(out long _)));
        numbers.Release(2);
        numbers.Release(3);
        numbers.Release(4);
        Assert.False(numbers.TryTake(out _));
        numbers.Release(1);
        Assert.True(numbers.TryTake(out long next));
        Assert.Equal(5, next);
    }
}
