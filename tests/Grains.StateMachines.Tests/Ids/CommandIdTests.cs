using Grains.StateMachines.Ids;

namespace Grains.StateMachines.Tests.Ids;

/// <summary>Two front ends of one incarnation would be answered what the other did.</summary>
public sealed class CommandIdTests
{
    [Trait("Rule", "5")]
    [Fact]
    public void Thousands_born_at_the_same_time_are_told_apart()
    {
        const int born = 5_000;
        var random = new Random(1);
        Assert.Equal(
            born,
            Enumerable.Range(0, born).Select(_ => CommandId.NewIncarnation(1_764_000_000_000, random)).Distinct()
                .Count());
    }

    [Theory]
    [InlineData(1_764_000_000_000)]
    [InlineData(7_289_000_000_000)]
    public void Who_is_born_a_second_later_or_after_another_is_the_greater(long bornMs)
    {
        var random = new Random(1);
        for (int i = 0; i < 100; i++)
        {
            long first = CommandId.NewIncarnation(bornMs, random);
            Assert.InRange(CommandId.NewIncarnation(bornMs + 1_000, random), first + 1, long.MaxValue);
            Assert.InRange(CommandId.IncarnationAfter(first, random), first + 1, long.MaxValue);
        }
    }

    [Fact]
    public void It_is_greater_than_one_that_was_made_of_milliseconds_and_twenty_bits_as_before()
    {
        const long bornMs = 1_764_000_000_000;
        Assert.InRange(
            CommandId.NewIncarnation(bornMs, new Random(1)), ((bornMs + 86_400_000) << 20) | 0xFFFFF, long.MaxValue);
    }
}
