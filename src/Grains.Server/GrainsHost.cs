using Grains.Server.Cluster;
using Grains.Server.Options;

namespace Grains.Server;

/// <summary>The parts of a server, put together: journal, silo, web.</summary>
internal static class GrainsHost
{
    public static WebApplicationBuilder CreateBuilder()
    {
        // The words of the command line are read by CommandLine, which refuses what it does not know.
        WebApplicationBuilder builder = WebApplication.CreateBuilder(
            new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.AddJsonFile(Path.Combine(Environment.CurrentDirectory, "appsettings.json"), optional: true);
        builder.Logging.ClearProviders().AddGrainsConsole();

        // A start that fails is explained in one line by the program; these would add a stack trace each.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        builder.Logging.AddFilter("Grains.Silo.Servers.ServerService", LogLevel.Warning);
        builder.Logging.AddFilter("Grains.Handlers.Servers.HandlerService", LogLevel.Warning);
        builder.Logging.AddFilter("Orleans.Runtime.Silo", LogLevel.None);
        builder.Logging.AddFilter("Orleans.Runtime.SiloLifecycleSubject", LogLevel.None);
        builder.Logging.AddFilter("Orleans.Hosting.SiloHostedService", LogLevel.None);
        return builder;
    }

    /// <summary>Everything that can fail for a reason outside the program fails here or in the start.</summary>
    public static Task<WebApplication> AddGrainsServerAsync(
        this WebApplicationBuilder builder, GrainsOptions options, Action<ISiloBuilder> more) =>
        options.Cluster is { } cluster
            ? builder.AddClusterServerAsync(options, cluster, more, CancellationToken.None)
            : builder.AddEmbeddedServerAsync(options, more);

    public static ILoggingBuilder AddGrainsConsole(this ILoggingBuilder logging) => logging.AddSimpleConsole(console =>
    {
        console.SingleLine = true;
        console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
        console.UseUtcTimestamp = true;
    });

    /// <summary>Until the process is asked to end; in an orderly way too if the start goes wrong.</summary>
    public static async Task ServeAsync(this WebApplication server, GrainsOptions options)
    {
        try
        {
            await server.StartAsync();
            await server.AnnounceAsync(options);
            await server.WaitForShutdownAsync();
        }
        catch (Exception e)
        {
            // What the stop has to say matters less than why it came to that: a silo half started cannot be stopped.
            await server.StopAsync().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (e is not OperationCanceledException || !server.Lifetime.ApplicationStopping.IsCancellationRequested)
            {
                throw;
            }
        }
    }
}
