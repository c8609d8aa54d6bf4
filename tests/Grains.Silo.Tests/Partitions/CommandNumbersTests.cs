using Grains.Silo.Partitions;
using Grains.StateMachines.Ids;

namespace Grains.Silo.Tests.Partitions;

public sealed class CommandNumbersTests
{
    [Fact]
    public void Numbers_begin_at_1_and_are_never_given_twice()
    {
        var numbers = new CommandNumbers(4, incarnation: 7);
        var given = new List<long>();
        for (int i = 0; i < 10; i++)
        {
            Assert.True(numbers.TryTake(out CommandId id));
            numbers.Release(id);
            given.Add(id.Number);
        }

        Assert.Equal(Enumerable.Range(1, 10).Select(n => (long)n), given);
    }

    [Fact]
    public void The_oldest_unanswered_command_holds_the_window()
    {
        var numbers = new CommandNumbers(4, incarnation: 7);
        Assert.All(Enumerable.Range(1, 4), _ => Assert.True(numbers.TryTake(out CommandId _)));
        numbers.Release(new CommandId(7, 2));
        numbers.Release(new CommandId(7, 3));
        numbers.Release(new CommandId(7, 4));
        Assert.False(numbers.TryTake(out _));
        numbers.Release(new CommandId(7, 1));
        Assert.True(numbers.TryTake(out CommandId next));
        Assert.Equal(5, next.Number);
    }

    [Fact]
    public void A_younger_name_is_taken_once_however_many_commands_were_refused_under_the_old_one()
    {
        var numbers = new CommandNumbers(4, incarnation: 7L << 20);
        numbers.TryTake(out CommandId old);
        numbers.Rejuvenate(old.Incarnation, 100L << 20);
        numbers.TryTake(out CommandId young);
        numbers.Rejuvenate(old.Incarnation, 200L << 20);
        numbers.TryTake(out CommandId next);
        Assert.Equal(101, young.Incarnation >> 20);
        Assert.Equal((young.Incarnation, 3), (next.Incarnation, next.Number));
    }
}
