using System.Net;

namespace Grains.Server.Options;

/// <summary>A server among others, on one Postgres. Inert.</summary>
internal sealed record ClusterOptions
{
    public required PostgresAddress Postgres { get; init; }

    /// <summary>Where the connection string was read from; null = from a variable.</summary>
    public string? PostgresFile { get; init; }

    public required string Schema { get; init; }

    /// <summary>This server's, the same at each start.</summary>
    public required string Name { get; init; }

    /// <summary>Where the others reach it; bound to exactly this.</summary>
    public required DnsEndPoint Silo { get; init; }

    /// <summary>For Orleans clients; 0 = none.</summary>
    public int GatewayPort { get; init; }

    public required ServerRole Role { get; init; }

    /// <summary>Servers with the same one belong together.</summary>
    public required string Id { get; init; }

    /// <summary>Null: servers speak without TLS.</summary>
    public TlsFiles? Tls { get; init; }

    public bool AllowLossy { get; init; }

    public bool HasPartitions => Role != ServerRole.Web;

    public bool HasApi => Role != ServerRole.Silo;
}

/// <summary>What a server of a cluster does.</summary>
internal enum ServerRole
{
    All,

    /// <summary>Owns partitions; answers about its health only.</summary>
    Silo,

    /// <summary>Answers; owns no partition.</summary>
    Web,
}

/// <summary>PEM files.</summary>
internal sealed record TlsFiles(string Authority, string Certificate, string Key);
