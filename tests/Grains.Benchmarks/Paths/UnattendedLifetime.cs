using Microsoft.Extensions.Hosting;

namespace Grains.Benchmarks.Paths;

/// <summary>The host's own would take SIGTERM from the benchmark, which then could not be ended.</summary>
internal sealed class UnattendedLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
