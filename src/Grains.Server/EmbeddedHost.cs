using Grains.Handlers;
using Grains.Journal;
using Grains.Journal.Sqlite;
using Grains.Server.Options;
using Grains.Silo;
using Grains.Silo.Cluster;
using Orleans.Configuration;
using Orleans.Dashboard;

namespace Grains.Server;

/// <summary>A server that is the whole cluster, with its data in a folder.</summary>
internal static class EmbeddedHost
{
    /// <summary>The same for ever: the settings are kept under it.</summary>
    public const string ClusterName = "grains";

    /// <summary>The cluster's settings, beside the journal.</summary>
    public const string SettingsFile = "cluster.db";

    public static async Task<WebApplication> AddEmbeddedServerAsync(
        this WebApplicationBuilder builder, GrainsOptions options, Action<ISiloBuilder> more)
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
                Path.Combine(options.DataFolder, SettingsFile), CancellationToken.None);

            // By a factory, so that the container ends the journal after everything that uses it.
            builder.Services.AddSingleton<IJournal>(_ => journal);
            builder.Host.ConfigureHostOptions(host => host.ShutdownTimeout = TimeSpan.FromSeconds(20));
            builder.WebHost.UseUrls([.. options.Urls.Select(u => u.GetLeftPart(UriPartial.Authority))]);
            builder.UseOrleans(silo =>
            {
                silo.ConfigureEmbedded(options, settings);
                more(silo);
            });
            builder.AddFrontEnd(options);
            return builder.Build();
        }
        catch
        {
            await journal.DisposeAsync();
            throw;
        }
    }

    private static void ConfigureEmbedded(this ISiloBuilder silo, GrainsOptions options, string settings)
    {
        silo.UseAlone(ClusterName);
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
        silo.AddGrainsHandlers(new HandlerOptions { PushTo = options.PushTo, IsAlone = true });
        if (options.Dashboard)
        {
            silo.AddDashboard(dashboard => dashboard.HideTrace = true);
        }
    }
}
