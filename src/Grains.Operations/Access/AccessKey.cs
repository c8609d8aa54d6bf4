namespace Grains.Operations.Access;

/// <summary>A key, known by its hash only.</summary>
/// <param name="Name">Who it was given to; may be logged.</param>
/// <param name="Sha256">Of the key's UTF-8 bytes.</param>
/// <param name="ExpiresAt">From then on it is none; null = never.</param>
public sealed record AccessKey(string Name, Permission Permission, byte[] Sha256, DateTimeOffset? ExpiresAt = null);
