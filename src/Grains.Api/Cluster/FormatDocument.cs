namespace Grains.Api.Cluster;

/// <summary>At which level records are written.</summary>
public sealed class FormatDocument
{
    /// <summary>What records may hold, from 1.</summary>
    public required int FormatLevel { get; init; }
}
