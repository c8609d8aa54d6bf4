using Grains.Silo.Cluster;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;

namespace Grains.Silo.Ownership;

/// <summary>The cluster's members, for people, and what people may say of them.</summary>
internal sealed class ClusterStatus(
    IGrainFactory grains,
    ClusterSettingsReader settings,
    PartitionReadiness readiness,
    PartitionOwners partitionOwners,
    ClusterPeers peers) : IClusterStatus
{
    public async Task<ClusterReport> ReadAsync(CancellationToken cancel)
    {
        ClusterSettings known = settings.View.Settings
            ?? throw new ClusterSettingsException("The cluster's settings are not read yet; ask again in a moment.");
        IReadOnlyDictionary<PartitionId, string> owners = partitionOwners.All;
        HashSet<string> hosts = [.. peers.Membership.Hosts.Select(h => h.Name)];
        ClusterMember[] active = [.. peers.Membership.Active.OrderBy(m => m.Name, StringComparer.Ordinal)];
        ServerView[] servers = await Task.WhenAll(active.Select(async member => new ServerView
        {
            Name = member.Name,
            Address = member.SiloAddress.Endpoint.ToString(),
            HasPartitions = hosts.Contains(member.Name),
            IsDrained = known.Drained.Contains(member.Name),
            Assigned = owners.Count(o => o.Value == member.Name),
            Report = await DescribeAsync(member.SiloAddress, cancel),
        }));
        return new ClusterReport(peers.Name, peers.Membership.Number, known, readiness.Missing, servers);
    }

    /// <exception cref="UnknownServerException">No server of this name is there, and none is drained.</exception>
    public async Task DrainAsync(string server, bool drained, CancellationToken cancel)
    {
        bool isKnown = peers.Membership.Active.Any(m => m.Name == server)
            || settings.View.Settings?.Drained.Contains(server) == true;
        if (!isKnown)
        {
            throw new UnknownServerException(server, peers.Membership.Active.Select(m => m.Name));
        }

        await PublishAsync(await Grain.Drain(server, drained).WaitAsync(cancel));
    }

    public async Task ResumeAsync(CancellationToken cancel) =>
        await PublishAsync(await Grain.Resume().WaitAsync(cancel));

    /// <exception cref="FormatLevelException">A server that is there does not know the level, or did not say
    /// so.</exception>
    public async Task<int> RaiseFormatAsync(CancellationToken cancel)
    {
        ClusterReport report = await ReadAsync(cancel);
        ServerView[] behind = [.. report.Servers.Where(s => !(s.Report?.FormatLevelKnown >= FormatLevels.Newest))];
        if (behind.Length > 0)
        {
            throw new FormatLevelException(FormatLevels.Newest, behind);
        }

        await PublishAsync(await Grain.RaiseFormat(FormatLevels.Newest).WaitAsync(cancel));
        return FormatLevels.Newest;
    }

    private IClusterSettingsGrain Grain => grains.GetGrain<IClusterSettingsGrain>(IClusterSettingsGrain.Key);

    /// <summary>Those that are not reached read the settings by themselves, a moment later.</summary>
    private async Task PublishAsync(ClusterSettings changed)
    {
        settings.Publish(changed);
        await Task.WhenAll(peers.Others.Select(
            m => peers.At(m.SiloAddress).SettingsChanged())).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task<ServerReport?> DescribeAsync(SiloAddress server, CancellationToken cancel)
    {
        try
        {
            return await peers.At(server).Describe().WaitAsync(cancel);
        }
        catch (Exception) when (!cancel.IsCancellationRequested)
        {
            // Shown as unreachable: that is what this server knows.
            return null;
        }
    }
}
