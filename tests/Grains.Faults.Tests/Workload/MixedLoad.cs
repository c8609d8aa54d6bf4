namespace Grains.Faults.Tests.Workload;

/// <summary>All clients of one run. One seed gives each its own.</summary>
/// <param name="seed">Of them all.</param>
/// <param name="callers">Theirs.</param>
/// <param name="record">What they know.</param>
/// <param name="pause">
/// Of each after each call, so that a server which comes back has a processor to do so. Zero: as fast as they are
/// answered.
/// </param>
internal sealed class MixedLoad(int seed, Callers callers, LoadRecord record, TimeSpan pause = default)
    : IAsyncDisposable
{
    private const int _keyClients = 6;
    private const int _senders = 4;
    private const int _receivers = 6;

    private readonly CancellationTokenSource _stopAsking = new();
    private readonly CancellationTokenSource _stopReceiving = new();
    private readonly CancellationTokenSource _giveUp = new();
    private Task _asking = Task.CompletedTask;
    private Task _receiving = Task.CompletedTask;

    public void Start()
    {
        _asking = Task.WhenAll(
        [
            .. Enumerable.Range(0, _keyClients)
                .Select(i => new KeyClient(i, seed + i, callers.Next(), record).RunAsync(pause, _stopAsking.Token)),
            .. Enumerable.Range(0, _senders)
                .Select(
                    i => new Sender(
                        i, seed + 100 + i, callers.Next(), record).RunAsync(pause, _stopAsking.Token, _giveUp.Token)),
        ]);
        StartReceiving();
    }

    /// <summary>Only receivers: to drain what is there.</summary>
    public void StartReceiving() => _receiving = Task.WhenAll(Enumerable.Range(0, _receivers)
        .Select(i => new Receiver(seed + 200 + i, callers.Next(), record).RunAsync(_stopReceiving.Token)));

    /// <summary>No new keys and messages; returns when every message sent is acknowledged.</summary>
    public async Task StopAskingAsync(TimeSpan deadline)
    {
        await _stopAsking.CancelAsync();
        await _asking.WaitAsync(deadline);
    }

    public async Task StopReceivingAsync(TimeSpan deadline)
    {
        await _stopReceiving.CancelAsync();
        await _receiving.WaitAsync(deadline);
    }

    /// <summary>Everything ends, acknowledged or not.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopAsking.CancelAsync();
        await _stopReceiving.CancelAsync();
        await _giveUp.CancelAsync();
        await Task.WhenAll(_asking, _receiving);
        _stopAsking.Dispose();
        _stopReceiving.Dispose();
        _giveUp.Dispose();
    }
}
