using Grains.Operations.Access;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Grains.Operations.Tests;

public class AccessKeeperTests
{
    private const int _looksMax = 1_000;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Every_door_is_told_to_say_what_it_held_back_whether_keys_are_asked_for_or_not(bool asksForKeys)
    {
        var time = new FakeTimeProvider();
        CountingLog[] doors = [new(), new()];
        var options = new AccessOptions { KeysFile = asksForKeys ? "/nowhere/keys" : null };
        using var keeper = new AccessKeeper(
            new KeyRing([], asksForKeys ? "" : null, time), doors, Options.Create(options), time,
            NullLogger<AccessKeeper>.Instance);
        await keeper.StartAsync(CancellationToken.None);
        Task told = Task.WhenAll(doors.Select(d => d.Told));

        // It begins to wait some time after the start.
        for (int looks = 0; looks < _looksMax && !told.IsCompleted; looks++)
        {
            time.Advance(AccessKeeper.LookEvery);
            await Task.WhenAny(told, Task.Delay(20));
        }

        Assert.True(told.IsCompleted);
        await keeper.StopAsync(CancellationToken.None);
    }

    [Fact]
    public void A_ring_without_a_file_asks_for_no_keys_and_an_unusable_file_is_refused_by_name()
    {
        Assert.False(KeyRing.Open(null, TimeProvider.System).AsksForKeys);
        var refused = Assert.Throws<InvalidOperationException>(
            () => KeyRing.Open("/nowhere/keys", TimeProvider.System));
        Assert.Contains("/nowhere/keys", refused.Message);
    }

    private sealed class CountingLog : IRefusalLog
    {
        private readonly TaskCompletionSource _told = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Told => _told.Task;

        public void SumUp() => _told.TrySetResult();
    }
}
