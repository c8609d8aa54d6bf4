using Microsoft.Extensions.Hosting;

namespace Grains.Silo.Ownership;

/// <summary>
/// Asks the others every second what they serve and where clients reach them, once this server has opened a door of its
/// own. Who does not answer at once is not sent clients: that is how a killed server is noticed before the cluster has
/// declared it dead.
/// </summary>
internal sealed class DoorWatch(PartitionDoors doors, ClusterPeers peers, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan _askEvery = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await UntilOpenAsync(stoppingToken);
            using var ask = new PeriodicTimer(_askEvery, time);
            do
            {
                ServedPartitions?[] said = await Task.WhenAll(
                    peers.Others.Select(o => AskAsync(peers.At(o.SiloAddress), stoppingToken)));
                doors.Hear(said.OfType<ServedPartitions>());
            }
            while (await ask.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    private async Task UntilOpenAsync(CancellationToken stop)
    {
        var opened = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        doors.Opened += () => opened.TrySetResult();
        if (!doors.IsOpen)
        {
            await opened.Task.WaitAsync(stop);
        }
    }

    private async Task<ServedPartitions?> AskAsync(IServerService server, CancellationToken stop)
    {
        try
        {
            return await server.Serves().WaitAsync(_askEvery, time, stop);
        }
        catch (Exception) when (!stop.IsCancellationRequested)
        {
            // It is gone, or slow, or of a version that does not know the question: clients stay away from it.
            return null;
        }
    }
}
