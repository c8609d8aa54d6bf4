using System.Net;
using Grains.Server.Logs;

namespace Grains.Server.Options;

/// <summary>What a person may set, checked. Inert: everything else is decided from it.</summary>
internal sealed record GrainsOptions
{
    /// <summary>Not used in a cluster.</summary>
    public required string DataFolder { get; init; }

    public required Uri[] Urls { get; init; }

    /// <summary>Null = there is no port for Redis clients.</summary>
    public RespPort? Resp { get; init; }

    /// <summary>Null = the default for new data, whatever is stored for old.</summary>
    public int? Partitions { get; init; }

    /// <summary>The file of API keys; null = none.</summary>
    public string? KeysFile { get; init; }

    /// <summary>Everybody who reaches a port may do everything.</summary>
    public bool IsInsecure { get; init; }

    /// <summary>Nothing waits for the disk: only for the harness that shows that lost writes are noticed.</summary>
    public bool NoSync { get; init; }

    public bool Dashboard { get; init; }

    /// <summary>Push requests go to addresses in these only.</summary>
    public IReadOnlyList<IPNetwork> PushTo { get; init; } = [];

    /// <summary>What the process may use; null = what there is.</summary>
    public long? MemoryBytes { get; init; }

    /// <summary>Connections to the API at once; null = as memory and descriptors allow.</summary>
    public int? ConnectionsMax { get; init; }

    /// <summary>Requests a second of one caller; null = as many as come.</summary>
    public int? RequestsPerSecondMax { get; init; }

    /// <summary>Null: this process is the whole cluster, and keeps everything in its folder.</summary>
    public ClusterOptions? Cluster { get; init; }

    public LogLevels Log { get; init; } = LogLevels.Usual;

    /// <summary>Null: serve.</summary>
    public DataCommand? Command { get; init; }

    /// <summary>The schema whose SQL is to be printed, instead of serving; null = serve.</summary>
    public string? SchemaToPrint { get; init; }
}
