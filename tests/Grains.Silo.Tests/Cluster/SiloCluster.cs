using Grains.Journal;
using Grains.Journal.Memory;
using Grains.Silo.Cluster;
using Grains.Silo.Loops;
using Grains.Silo.Ownership;
using Grains.Silo.Partitions;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Metadata;
using Orleans.TestingHost;
using static Grains.Silo.Tests.Partitions.PartitionWorld;

namespace Grains.Silo.Tests.Cluster;

/// <summary>Several silos in this process over one disk in memory.</summary>
internal static class SiloCluster
{
    public const int Partitions = 8;
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(60);
    private static readonly KeeperOptions _keeper = new()
    {
        Partitions = Partitions, HandOverDelayMs = 50, HandOverMsMax = 1_000, LeaveMsMax = 10_000,
    };

    public static async Task<InProcessTestCluster> StartAsync(
        short servers, int? formatLevel = null, int? sweepMs = null, TimeSpan? classesKnownLate = null)
    {
        var disk = new MemoryDisk();
        var settings = new SharedSettingsStorage();
        if (formatLevel is { } level)
        {
            settings.Add(ClusterSettings.New(Partitions, DateTimeOffset.UtcNow) with { FormatLevel = level });
        }

        var builder = new InProcessTestClusterBuilder(servers);
        builder.Options.ConfigureFileLogging = false;
        builder.ConfigureSilo((_, silo) =>
        {
            silo.Services.AddSingleton<IJournal>(_ => new CuttableJournal(new MemoryJournal(disk)));
            silo.Services.AddKeyedSingleton<Orleans.Storage.IGrainStorage>(ClusterStorage.Name, settings);
            silo.AddGrains(new GrainsSiloOptions { Keeper = _keeper with { SweepMs = sweepMs ?? _keeper.SweepMs } });
            if (classesKnownLate is { } late)
            {
                silo.Services.AddSingleton(provider => new MembershipView(
                    provider.GetRequiredService<IClusterMembershipService>(),
                    new LateManifests(provider.GetRequiredService<IClusterManifestProvider>(), late),
                    provider.GetRequiredService<GrainTypeResolver>(),
                    isAlone: false));
            }
        });
        InProcessTestCluster cluster = builder.Build();
        await cluster.DeployAsync();
        return cluster;
    }

    public static LocalPartitions LocalOf(InProcessTestCluster cluster, int server) =>
        cluster.Silos[server].ServiceProvider.GetRequiredService<LocalPartitions>();

    /// <summary>What that server reaches its journal through.</summary>
    public static CuttableJournal JournalOf(InProcessTestCluster cluster, int server) =>
        (CuttableJournal)cluster.Silos[server].ServiceProvider.GetRequiredService<IJournal>();

    public static IPartitions PartitionsOf(InProcessTestCluster cluster, int server) =>
        cluster.Silos[server].ServiceProvider.GetRequiredService<IPartitions>();

    /// <summary>
    /// The first server took everything while it was alone, and hands over what the second is to have.
    /// </summary>
    public static async Task SpreadAsync(InProcessTestCluster cluster)
    {
        await ReadyAsync(cluster);
        int[] counts = [];
        await Until(() =>
        {
            counts = [.. cluster.Silos.Select(s => s.ServiceProvider.GetRequiredService<LocalPartitions>().Count)];
            return Task.FromResult(counts.Sum() == Partitions && counts.Min() >= (Partitions / counts.Length) - 1);
        });
        await ReadyAsync(cluster);
    }

    public static async Task ReadyAsync(InProcessTestCluster cluster)
    {
        using var deadline = new CancellationTokenSource(_deadline);
        foreach (InProcessSiloHandle silo in cluster.Silos)
        {
            var readiness = silo.ServiceProvider.GetRequiredService<PartitionReadiness>();
            try
            {
                await readiness.WaitAsync(deadline.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"{silo.Name} has not seen these served in {_deadline.TotalSeconds} s: "
                    + $"{string.Join(", ", readiness.Missing)}. {string.Join("; ", cluster.Silos.Select(Local))}.");
            }
        }

        static string Local(InProcessSiloHandle silo) => $"{silo.Name} runs "
            + string.Join(", ", silo.ServiceProvider.GetRequiredService<LocalPartitions>().All.Select(l => l.Id));
    }

    public static async Task AssertReadAsync(IPartitions through, Dictionary<PartitionId, Revision> versions)
    {
        foreach ((PartitionId partition, Revision version) in versions)
        {
            Assert.Equal(
                version,
                Assert.IsType<KeyFound>(await through.ExecuteAsync(partition, Get("a"), default)).Entry.Version);
        }
    }
}
