using Grains.Silo.Loops;
using Grains.StateMachines.Ids;
using Microsoft.Extensions.Hosting;

namespace Grains.Silo.Ownership;

/// <summary>
/// Begins to read all partitions before anything else of the server is started: whoever is alone will acquire them, and
/// a processor is free meanwhile.
/// </summary>
internal sealed class StartReadAhead(PartitionPreloads preloads, int partitions) : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken)
    {
        preloads.Begin(
            [.. Enumerable.Range(0, partitions).Select(p => new PartitionId((uint)p))],
            threads: Math.Max(1, Environment.ProcessorCount - 1));
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
