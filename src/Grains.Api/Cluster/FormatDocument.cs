namespace Grains.Api.Cluster;

/// <summary>At which level records are written.</summary>
public sealed class FormatDocument
{
    public required int FormatLevel { get; init; }
}
