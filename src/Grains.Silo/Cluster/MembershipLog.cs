using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Grains.Silo.Cluster;

/// <summary>Says who joins, leaves and dies, as this server learns it.</summary>
internal sealed partial class MembershipLog(IClusterMembershipService membership, ILogger<MembershipLog> logger)
    : BackgroundService
{
    private readonly Dictionary<SiloAddress, SiloStatus> _known = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (
                ClusterMembershipSnapshot snapshot in membership.MembershipUpdates.WithCancellation(stoppingToken))
            {
                Say(snapshot, isFirst: _known.Count == 0);
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private void Say(ClusterMembershipSnapshot snapshot, bool isFirst)
    {
        foreach (ClusterMember member in snapshot.Members.Values)
        {
            SiloStatus before = _known.GetValueOrDefault(member.SiloAddress);
            _known[member.SiloAddress] = member.Status;
            if (before == member.Status || (isFirst && member.Status == SiloStatus.Dead))
            {
                continue;
            }

            // Who leaves in an orderly way stops first.
            bool isCrash = member.Status == SiloStatus.Dead && before is SiloStatus.Joining or SiloStatus.Active;
            LogMember(
                logger, isCrash ? LogLevel.Warning : LogLevel.Information, member.Name, member.SiloAddress.Endpoint,
                member.Status, snapshot.Version.Value);
        }

        foreach (SiloAddress gone in _known.Keys.Where(k => !snapshot.Members.ContainsKey(k)).ToArray())
        {
            _known.Remove(gone);
        }
    }

    [LoggerMessage(EventId = 3101, Message = "Server {Name} at {Place} is {Status} (membership {Version}).")]
    private static partial void LogMember(
        ILogger logger, LogLevel level, string name, System.Net.IPEndPoint place, SiloStatus status, long version);
}
