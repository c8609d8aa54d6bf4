using Microsoft.Extensions.Hosting;

namespace Grains.Silo.Ownership;

/// <summary>
/// A server that is asked to stop gives its partitions away first, while everything in it still runs.
/// </summary>
internal sealed class GracefulStop(PartitionKeeper keeper) : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => keeper.LeaveAsync(cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
