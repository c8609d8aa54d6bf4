namespace Grains.Api.Keyspaces;

/// <summary>A declared keyspace.</summary>
public sealed class KeyspaceDeclaration
{
    /// <summary>As in its path.</summary>
    public required string Name { get; init; }

    /// <summary>The revision of the declaration: declared again after a delete, it is another one.</summary>
    public required long Id { get; init; }

    /// <summary><c>ordered</c> or <c>spread</c>.</summary>
    public required string Layout { get; init; }
}

/// <summary>Body of a declaration.</summary>
public sealed class KeyspaceRequest
{
    /// <summary><c>ordered</c>: one partition, one order. <c>spread</c>: over all partitions.</summary>
    public string? Layout { get; init; }
}

/// <summary>All keyspaces, by name.</summary>
public sealed class KeyspaceList
{
    /// <summary>All of them, by name.</summary>
    public required KeyspaceDeclaration[] Keyspaces { get; init; }
}
