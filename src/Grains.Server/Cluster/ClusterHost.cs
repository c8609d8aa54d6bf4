using System.Net;
using Grains.Handlers;
using Grains.Journal;
using Grains.Server.Limits;
using Grains.Server.Logs;
using Grains.Server.Options;
using Grains.Silo;
using Grains.Silo.Cluster;
using Grains.Silo.Connections;
using Grains.Silo.Members;
using Grains.Silo.Tls;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Configuration;
using Orleans.Dashboard;
using ClusterOptions = Grains.Server.Options.ClusterOptions;

namespace Grains.Server.Cluster;

/// <summary>A server among others on one Postgres.</summary>
internal static class ClusterHost
{
    /// <summary>The same for ever: the cluster's settings are kept under it.</summary>
    private const string _service = "grains";

    private const int _headerBytesMax = 256 << 10;

    /// <summary>Partitions are handed over in it: a service manager must give more before it kills.</summary>
    private static readonly TimeSpan _shutdownMax = TimeSpan.FromSeconds(30);

    public static async Task<WebApplication> AddClusterServerAsync(
        this WebApplicationBuilder builder,
        GrainsOptions options,
        ClusterOptions cluster,
        Action<ISiloBuilder> more,
        CancellationToken cancel)
    {
        IPEndPoint place = await SiloPlace.FindAsync(cluster.Silo, cancel);
        AddressProbe.Check(options.Urls);
        AddressProbe.CheckResp(options);
        AddressProbe.Check(place);
        TlsCertificates? tls = Certificates(cluster, place.Address);

        // Also what is said before there is a host, in the same form.
        ILoggerFactory logs = LoggerFactory.Create(logging => logging.AddGrainsConsole(options.Log));
        ClusterStores stores = await ClusterStores.OpenAsync(cluster, logs, cancel);
        try
        {
            await new EarlierMembers(
                cluster, place, stores.Database, TimeProvider.System, logs.CreateLogger<EarlierMembers>())
                .ClearAsync(cancel);
            MemberSecret? secret = tls is null ? await MemberSecret.ReadAsync(stores.Database, cancel) : null;
            builder.AddStores(stores, logs);
            builder.Host.ConfigureHostOptions(host => host.ShutdownTimeout = _shutdownMax);
            builder.WebHost.UseUrls([.. options.Urls.Select(u => u.GetLeftPart(UriPartial.Authority))]);
            builder.UseOrleans(silo =>
            {
                silo.ConfigureMember(cluster, place);
                silo.UseGrainsPostgres(stores.Database);
                silo.UseFastFailureDetection();
                silo.ConfigureWork(options, cluster, more);
                silo.UseConnectionLimits(ProcessLimits.SiloConnectionsMax, secured =>
                {
                    if (tls is not null)
                    {
                        secured.UseMutualTls(tls);
                    }
                    else
                    {
                        secured.UseMemberSecret(secret!);
                    }
                });
            });
            builder.Services.Replace(ServiceDescriptor.Singleton<IFatalErrorHandler, DeadServer>());
            builder.AddFrontEnd(options);
            return builder.Build();
        }
        catch
        {
            await stores.DisposeAsync();
            throw;
        }
    }

    private static TlsCertificates? Certificates(ClusterOptions cluster, IPAddress address) =>
        cluster.Tls is not { } files ? null
        : TlsCertificates.Open(new TlsOptions
        {
            AuthorityFile = files.Authority,
            CertificateFile = files.Certificate,
            KeyFile = files.Key,
            Cluster = cluster.Id,
            Address = address,
        });

    /// <summary>By factories, so that the container ends them after everything that uses them.</summary>
    private static void AddStores(this WebApplicationBuilder builder, ClusterStores stores, ILoggerFactory logs)
    {
        builder.Services.AddKeyedSingleton(nameof(ClusterHost), (_, _) => logs);
        builder.Services.AddSingleton(_ => stores);
        builder.Services.AddSingleton<IJournal>(_ => stores.Journal);
    }

    private static void ConfigureMember(this ISiloBuilder silo, ClusterOptions cluster, IPEndPoint place)
    {
        silo.Configure<Orleans.Configuration.ClusterOptions>(o => (o.ClusterId, o.ServiceId) = (cluster.Id, _service));
        silo.Configure<SiloOptions>(o => o.SiloName = cluster.Name);
        silo.ConfigureEndpoints(place.Address, place.Port, cluster.GatewayPort, listenOnAnyHostAddress: false);
        silo.Configure<SiloMessagingOptions>(o =>
        {
            o.ResponseTimeout = TimeSpan.FromSeconds(15);
            o.CancelRequestOnTimeout = true;
            o.MaxMessageHeaderSize = _headerBytesMax;
        });
    }

    private static void ConfigureWork(
        this ISiloBuilder silo, GrainsOptions options, ClusterOptions cluster, Action<ISiloBuilder> more)
    {
        silo.AddGrains(new GrainsSiloOptions { Keeper = new() { Partitions = options.Partitions } });
        silo.AddGrainsHandlers(new HandlerOptions { PushTo = options.PushTo });
        more(silo);
        if (!cluster.HasPartitions)
        {
            silo.WithoutPartitions();
            silo.WithoutHandlers();
        }

        // On every server, shown there or not: the dashboard of one asks all of them.
        if (options.Dashboard)
        {
            silo.AddDashboard(dashboard => dashboard.HideTrace = true);
        }
    }
}
