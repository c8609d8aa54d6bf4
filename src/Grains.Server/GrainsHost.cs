using Grains.Journal;
using Grains.Journal.Sqlite;
using Grains.Server.Options;
using Grains.Silo;
using Grains.Silo.Cluster;
using Orleans.Configuration;
using Orleans.Dashboard;

namespace Grains.Server;

/// <summary>The parts of a server, put together: journal, silo, web.</summary>
internal static class GrainsHost
{
    private const string _clusterName = "grains";

    public static WebApplicationBuilder CreateBuilder()
    {
        // The words of the command line are read by CommandLine, which refuses what it does not know.
        WebApplicationBuilder builder = WebApplication.CreateBuilder(
            new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.AddJsonFile(Path.Combine(Environment.CurrentDirectory, "appsettings.json"), optional: true);
        builder.Logging.ClearProviders().AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
            console.UseUtcTimestamp = true;
        });

        // A start that fails is explained in one line by the program; these would add a stack trace each.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        builder.Logging.AddFilter("Orleans.Runtime.Silo", LogLevel.None);
        builder.Logging.AddFilter("Orleans.Runtime.SiloLifecycleSubject", LogLevel.None);
        builder.Logging.AddFilter("Orleans.Hosting.SiloHostedService", LogLevel.None);
        return builder;
    }

    /// <summary>Everything that can fail for a reason outside the program fails here or in the start.</summary>
    public static async Task<WebApplication> AddGrainsServerAsync(this WebApplicationBuilder builder, GrainsOptions options)
    {
        AddressProbe.Check(options.Urls);
        SqliteJournal journal = SqliteJournal.Open(new SqliteJournalOptions
        {
            Folder = options.DataFolder,
            Synchronous = !options.NoSync,
            OnDiskFailure = DiskFailure.EndProcess,
        });
        try
        {
            string settings = await ClusterStorage.PrepareSqliteAsync(
                Path.Combine(options.DataFolder, "cluster.db"), CancellationToken.None);

            // By a factory, so that the container ends the journal after everything that uses it.
            builder.Services.AddSingleton<IJournal>(_ => journal);
            builder.Host.ConfigureHostOptions(host => host.ShutdownTimeout = TimeSpan.FromSeconds(20));
            builder.WebHost.UseUrls([.. options.Urls.Select(u => u.GetLeftPart(UriPartial.Authority))]);
            builder.UseOrleans(silo => silo.ConfigureEmbedded(options, settings));
            builder.AddFrontEnd(options);
            return builder.Build();
        }
        catch
        {
            await journal.DisposeAsync();
            throw;
        }
    }

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

    private static void ConfigureEmbedded(this ISiloBuilder silo, GrainsOptions options, string settings)
    {
        silo.UseLocalhostClustering(FreePort.Find(), gatewayPort: 0, serviceId: _clusterName, clusterId: _clusterName);
        silo.Configure<SiloOptions>(o => o.SiloName = Environment.MachineName);
        silo.Configure<SiloMessagingOptions>(o =>
        {
            o.ResponseTimeout = TimeSpan.FromSeconds(15);
            o.CancelRequestOnTimeout = true;
        });
        silo.AddGrainsSqliteStorage(settings);
        silo.AddGrains(new GrainsSiloOptions
        {
            IsAlone = true,
            Keeper = new() { Partitions = options.Partitions },
        });
        if (options.Dashboard)
        {
            silo.AddDashboard(dashboard => dashboard.HideTrace = true);
        }
    }
}
