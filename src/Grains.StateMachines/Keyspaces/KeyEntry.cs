namespace Grains.StateMachines.Keyspaces;

/// <summary>A key's content in memory. Immutable: a write replaces it.</summary>
internal sealed class KeyEntry(byte[] value, long version, long created, string? contentType, long expiresAtMs)
{
    /// <summary>What a key costs beside its name and value, counted against the budget.</summary>
    public const int OverheadBytes = 160;

    public byte[] Value { get; } = value;

    public long Version { get; } = version;

    public long Created { get; } = created;

    public string? ContentType { get; } = contentType;

    /// <summary>0 = never.</summary>
    public long ExpiresAtMs { get; } = expiresAtMs;

    public long Bytes(int nameLength) => OverheadBytes + nameLength + Value.Length;
}
