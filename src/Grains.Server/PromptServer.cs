using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;

namespace Grains.Server;

/// <summary>
/// The web server with a short stop of its own. A client that never sends the rest of its request, or never reads the
/// rest of its answer, would else spend the time that the partitions need to end in good order.
/// </summary>
internal sealed class PromptServer(IServer server) : IServer
{
    /// <summary>What is being answered ends in it; what comes from outside may not.</summary>
    public static readonly TimeSpan OpenRequestsMax = TimeSpan.FromMilliseconds(500);

    public IFeatureCollection Features => server.Features;

    public Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken)
        where TContext : notnull => server.StartAsync(application, cancellationToken);

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        over.CancelAfter(OpenRequestsMax);
        await server.StopAsync(over.Token);
    }

    public void Dispose() => server.Dispose();
}

/// <summary>Puts it around the server that is there.</summary>
internal static class PromptServerExtensions
{
    public static void EndPromptly(this IServiceCollection services)
    {
        ServiceDescriptor present = services.Last(s => s.ServiceType == typeof(IServer));
        Type type = present.ImplementationType
            ?? throw new InvalidOperationException(
                "The web server is not registered by its type; nothing can be put around it.");
        services.AddSingleton<IServer>(
            provider => new PromptServer((IServer)ActivatorUtilities.CreateInstance(provider, type)));
    }
}
