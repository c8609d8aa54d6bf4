using System.Collections;
using Grains.Server.Cluster;
using Grains.Server.Logs;
using Grains.Server.Options;

namespace Grains.Server;

/// <summary>The parts of a server, put together: journal, silo, web.</summary>
internal static class GrainsHost
{
    /// <summary>
    /// OpenTelemetry's own variables; the only ones that something below the program reads by itself.
    /// </summary>
    private const string _openTelemetry = "OTEL_";

    /// <summary>
    /// Nothing that a host would find by itself: no file of the current folder, no variable, no environment but
    /// Production, so no page for developers, and no address but those that were checked.
    /// </summary>
    public static WebApplicationBuilder CreateBuilder(LogLevels levels)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions
        {
            ContentRootPath = AppContext.BaseDirectory,
            EnvironmentName = Environments.Production,
            ApplicationName = typeof(GrainsHost).Assembly.GetName().Name,
        });
        builder.Configuration.AddInMemoryCollection(Variables().Where(
            v => v.Key.StartsWith(_openTelemetry, StringComparison.Ordinal)));
        builder.WebHost.UseKestrelCore();
        builder.Logging.AddGrainsConsole(levels);
        return builder;
    }

    public static IEnumerable<KeyValuePair<string, string?>> Variables() =>
        from DictionaryEntry variable in Environment.GetEnvironmentVariables()
        select KeyValuePair.Create((string)variable.Key, (string?)variable.Value);

    /// <summary>Everything that can fail for a reason outside the program fails here or in the start.</summary>
    public static Task<WebApplication> AddGrainsServerAsync(
        this WebApplicationBuilder builder, GrainsOptions options, Action<ISiloBuilder> more) =>
        options.Cluster is { } cluster
            ? builder.AddClusterServerAsync(options, cluster, more, CancellationToken.None)
            : builder.AddEmbeddedServerAsync(options, more);

    /// <summary>Until the process is asked to end; in an orderly way too if the start goes wrong.</summary>
    public static async Task ServeAsync(this WebApplication server, GrainsOptions options)
    {
        try
        {
            await server.StartAsync();
            BoundAddresses.Check(server, options);
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
