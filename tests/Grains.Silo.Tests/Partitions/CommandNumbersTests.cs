using Grains.Silo.Routing;
using Grains.StateMachines.Ids;

namespace Grains.Silo.Tests.Partitions;

public sealed class CommandNumbersTests
{
    private const long _born = 7L << 20;

    [Fact]
    public async Task Numbers_in_use_never_span_more_than_the_window_and_the_next_waits_for_the_oldest()
    {
        var numbers = new CommandNumbers(window: 4, waitingMax: 8, _born);
        for (long expected = 1; expected <= 4; expected++)
        {
            Assert.Equal(new CommandId(_born, expected), await numbers.Take()!.Value);
        }

        Task<CommandId> fifth = numbers.Take()!.Value.AsTask();
        Task<CommandId> sixth = numbers.Take()!.Value.AsTask();
        numbers.Release(new CommandId(_born, 2));
        Assert.False(fifth.IsCompleted, "number 1 still holds the window");
        numbers.Release(new CommandId(_born, 1));
        Assert.Equal(5, (await fifth).Number);
        Assert.Equal(6, (await sixth).Number);
    }

    [Fact]
    public void Too_many_that_wait_are_refused()
    {
        var numbers = new CommandNumbers(window: 1, waitingMax: 1, _born);
        Assert.True(numbers.Take().HasValue);
        Assert.True(numbers.Take().HasValue);
        Assert.False(numbers.Take().HasValue);
    }

    [Fact]
    public async Task Numbers_released_out_of_order_are_all_free_again()
    {
        var numbers = new CommandNumbers(window: 4, waitingMax: 0, _born);
        var random = new Random(5);
        List<CommandId> inUse = [];
        for (int step = 0; step < 10_000; step++)
        {
            if (random.Next(2) == 0 && numbers.Take() is { } turn)
            {
                inUse.Add(await turn);
            }
            else if (inUse.Count > 0)
            {
                int at = random.Next(inUse.Count);
                numbers.Release(inUse[at]);
                inUse.RemoveAt(at);
            }
        }

        inUse.ForEach(numbers.Release);
        Assert.All(Enumerable.Range(0, 4), _ => Assert.True(numbers.Take().HasValue));
    }

    [Fact]
    public async Task A_younger_name_is_taken_once_however_many_commands_were_refused_under_the_old_one()
    {
        var numbers = new CommandNumbers(window: 4, waitingMax: 0, _born);
        CommandId old = await numbers.Take()!.Value;
        numbers.RenewIncarnation(old.Incarnation, 100L << 30);
        CommandId young = await numbers.Take()!.Value;
        numbers.RenewIncarnation(old.Incarnation, 200L << 30);
        CommandId next = await numbers.Take()!.Value;
        Assert.Equal(101, young.Incarnation >> 30);
        Assert.Equal((young.Incarnation, 3), (next.Incarnation, next.Number));
    }
}
