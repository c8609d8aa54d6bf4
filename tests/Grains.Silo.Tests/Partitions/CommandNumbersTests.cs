using Grains.Silo.Partitions;
using Grains.StateMachines.Ids;

namespace Grains.Silo.Tests.Partitions;

public sealed class CommandNumbersTests
{
    [Fact]
    public async Task Numbers_in_use_never_span_more_than_the_window_and_the_next_waits_for_the_oldest()
    {
<<<<<<< HEAD
        var numbers = new CommandNumbers(window: 4, waitingMax: 8);
        for (long expected = 1; expected <= 4; expected++)
        {
            Assert.Equal(expected, await numbers.Take()!.Value);
=======
        var numbers = new CommandNumbers(4, incarnation: 7);
        var given = new List<long>();
        for (int i = 0; i < 10; i++)
        {
            Assert.True(numbers.TryTake(out CommandId id));
            numbers.Release(id);
            given.Add(id.Number);
>>>>>>> review
        }

        Task<long> fifth = numbers.Take()!.Value.AsTask();
        Task<long> sixth = numbers.Take()!.Value.AsTask();
        numbers.Release(2);
        Assert.False(fifth.IsCompleted, "number 1 still holds the window");
        numbers.Release(1);
        Assert.Equal(5, await fifth);
        Assert.Equal(6, await sixth);
    }

    [Fact]
    public void Too_many_that_wait_are_refused()
    {
<<<<<<< HEAD
        var numbers = new CommandNumbers(window: 1, waitingMax: 1);
        Assert.True(numbers.Take().HasValue);
        Assert.True(numbers.Take().HasValue);
        Assert.False(numbers.Take().HasValue);
    }

    [Fact]
    public async Task Numbers_released_out_of_order_are_all_free_again()
    {
        var numbers = new CommandNumbers(window: 4, waitingMax: 0);
        var random = new Random(5);
        List<long> inUse = [];
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
=======
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
>>>>>>> review
    }
}
