using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Grains.Silo.Ownership;

/// <summary>What the keeper needs beside the partitions.</summary>
internal sealed record KeeperSurroundings(KeeperOptions Options, TimeProvider Time, ILogger<PartitionKeeper> Logger)
{
    /// <summary>This server's name in the membership.</summary>
    public required string Server { get; init; }

    public required SiloAddress Address { get; init; }

    public required MembershipView Membership { get; init; }

    public required PartitionOwners Owners { get; init; }

    public required LeavingServers Leaving { get; init; }

    public required IServerServiceClient Servers { get; init; }
}
