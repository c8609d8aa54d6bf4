using Grains.FrontEnd.Connections;
using Microsoft.Extensions.Time.Testing;

namespace Grains.FrontEnd.Tests;

public sealed class LargeTurnsTests
{
    private const int _mib = 1 << 20;
    private static readonly TimeSpan _window = TimeSpan.FromMilliseconds(100);
    private readonly FakeTimeProvider _time = new();
    private bool _isFull;

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(8, 4)]
    public async Task Half_of_the_processors_are_at_large_pieces(int processors, int atOnce)
    {
        var turns = new LargeTurns(processors, () => _isFull, _time);
        List<LargeTurns.Turn> held = [];
        for (int i = 0; i < atOnce; i++)
        {
            held.Add(await turns.BeginAsync(_mib));
        }

        Task<LargeTurns.Turn> next = turns.BeginAsync(_mib).AsTask();
        Assert.False(next.IsCompleted);
        held[0].Dispose();
        (await next).Dispose();
    }

    [Fact]
    public async Task Alone_large_bodies_come_as_fast_as_they_can()
    {
        var turns = new LargeTurns(2, () => _isFull, _time);
        for (int i = 0; i < 100; i++)
        {
            turns.CountRequest();
            turns.CountLarge();
            _time.Advance(_window / 10);
            ValueTask<LargeTurns.Turn> turn = turns.BeginAsync(_mib);
            Assert.True(turn.IsCompleted);
            (await turn).Dispose();
        }
    }

    [Theory]
    [InlineData(1, false, 8)]
    [InlineData(2, false, 16)]
    [InlineData(16, false, 128)]
    [InlineData(2, true, 2)]
    [InlineData(16, true, 16)]
    public async Task Beside_others_they_come_at_a_pace_of_the_processors_and_slower_where_they_are_refused(
        int processors, bool isFull, int mibPerSecond)
    {
        _isFull = isFull;
        var turns = new LargeTurns(processors, () => _isFull, _time);
        await AskAsync(turns, small: 3, large: 1);
        long begun = _time.GetTimestamp();
        for (int i = 0; i < mibPerSecond; i++)
        {
            (await PatientlyAsync(turns)).Dispose();
        }

        // The first of them did not wait.
        Assert.InRange(
            _time.GetElapsedTime(begun).TotalMilliseconds, 1_000.0 * (mibPerSecond - 1) / mibPerSecond - 3, 1_010);
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    public async Task The_pace_begins_where_others_ask_more_often_than_large_bodies_come_and_ends_with_that(
        int small, bool isPaced)
    {
        var turns = new LargeTurns(2, () => _isFull, _time);
        await AskAsync(turns, small, large: 1);
        await WithoutWaitAsync(turns);
        ValueTask<LargeTurns.Turn> second = turns.BeginAsync(_mib);
        Assert.Equal(!isPaced, second.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(1));
        (await second).Dispose();
        await AskAsync(turns, small: 0, large: 1);
        await WithoutWaitAsync(turns);
        await WithoutWaitAsync(turns);
    }

    /// <summary>So many are counted in one window; the next turn begins another.</summary>
    private async Task AskAsync(LargeTurns turns, int small, int large)
    {
        // What was counted before is behind a window of its own.
        _time.Advance(_window);
        (await PatientlyAsync(turns, bytes: 0)).Dispose();
        for (int i = 0; i < small + large; i++)
        {
            turns.CountRequest();
        }

        for (int i = 0; i < large; i++)
        {
            turns.CountLarge();
        }

        _time.Advance(_window);
    }

    private static async Task WithoutWaitAsync(LargeTurns turns)
    {
        ValueTask<LargeTurns.Turn> turn = turns.BeginAsync(_mib);
        Assert.True(turn.IsCompleted);
        (await turn).Dispose();
    }

    /// <summary>
    /// Time goes on in milliseconds until the turn has come; the window does not end meanwhile, as others ask on.
    /// </summary>
    private async Task<LargeTurns.Turn> PatientlyAsync(LargeTurns turns, int bytes = _mib)
    {
        turns.CountRequest();
        ValueTask<LargeTurns.Turn> turn = turns.BeginAsync(bytes);
        while (!turn.IsCompleted)
        {
            _time.Advance(TimeSpan.FromMilliseconds(1));
        }

        return await turn;
    }
}
