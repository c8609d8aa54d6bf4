namespace Grains.Silo.Ownership;

/// <summary>One server as it sees itself.</summary>
[GenerateSerializer, Immutable, Alias("grains.server-report")]
public sealed record ServerReport
{
    [Id(0)] public required string Name { get; init; }

    [Id(1)] public required string Version { get; init; }

    /// <summary>The newest format of records that it reads and writes.</summary>
    [Id(2)] public required int FormatLevelKnown { get; init; }

    [Id(3)] public required int Partitions { get; init; }

    [Id(4)] public required long StateBytes { get; init; }

    /// <summary>Its process began then.</summary>
    [Id(5)] public required DateTimeOffset StartedAt { get; init; }

    /// <summary>It is about to stop.</summary>
    [Id(6)] public required bool IsLeaving { get; init; }

    [Id(7)] public required long MembershipVersion { get; init; }

    /// <summary>It does not reach the journal, others do: it has given its partitions up until it does.</summary>
    [Id(8)] public bool IsIsolated { get; init; }
}
