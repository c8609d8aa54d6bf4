using Grains.Handlers;
using Grains.Journal;
using Grains.Journal.Segments;
using Grains.Server.Options;
using Grains.Silo;
using Orleans.Configuration;
using Orleans.Dashboard;

namespace Grains.Server;

/// <summary>A server that is the whole cluster, with its data in a folder.</summary>
internal static class EmbeddedHost
{
    /// <summary>The same for ever: the settings are kept under it.</summary>
    public const string ClusterName = "grains";

    public static async Task<WebApplication> AddEmbeddedServerAsync(
        this WebApplicationBuilder builder, GrainsOptions options, Action<ISiloBuilder> more)
    {
        AddressProbe.Check(options.Urls);
        AddressProbe.CheckResp(options);
        EmbeddedData data = await EmbeddedData.OpenAsync(
            new SegmentJournalOptions
            {
                Folder = options.DataFolder,
                Synchronous = !options.NoSync,
                OnDiskFailure = DiskFailure.EndProcess,
            });
        try
        {
            // By a factory, so that the container ends the journal after everything that uses it.
            builder.Services.AddSingleton<IJournal>(_ => data.Journal);
            builder.Host.ConfigureHostOptions(host => host.ShutdownTimeout = TimeSpan.FromSeconds(20));
            builder.WebHost.UseUrls([.. options.Urls.Select(u => u.GetLeftPart(UriPartial.Authority))]);
            builder.UseOrleans(silo =>
            {
                silo.ConfigureEmbedded(options, data);
                more(silo);
            });
            builder.AddFrontEnd(options);
            return builder.Build();
        }
        catch
        {
            await data.Journal.DisposeAsync();
            throw;
        }
    }

    private static void ConfigureEmbedded(this ISiloBuilder silo, GrainsOptions options, EmbeddedData data)
    {
        silo.UseAlone(ClusterName);
        silo.Configure<SiloOptions>(o => o.SiloName = Environment.MachineName);
        silo.Configure<SiloMessagingOptions>(o =>
        {
            o.ResponseTimeout = TimeSpan.FromSeconds(15);
            o.CancelRequestOnTimeout = true;
        });
        silo.AddGrainsSettings(data.Settings);
        silo.AddGrains(new GrainsSiloOptions
        {
            IsAlone = true,
            Keeper = new() { Partitions = options.Partitions, OnSettings = data.Bind },
        });
        silo.AddGrainsHandlers(new HandlerOptions { PushTo = options.PushTo, IsAlone = true });
        if (options.Dashboard)
        {
            silo.AddDashboard(dashboard => dashboard.HideTrace = true);
        }
    }
}
