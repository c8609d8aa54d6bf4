using System.Security.Cryptography;

namespace Grains.Operations.Access;

/// <summary>The keys in use: all of one reading of the file. Found by any thread, replaced by one.</summary>
/// <param name="keys">At the start.</param>
/// <param name="digest">Of the file that they were read from; null = no keys are asked for.</param>
/// <param name="time">When they expire.</param>
public sealed class KeyRing(IReadOnlyList<AccessKey> keys, string? digest, TimeProvider time)
{
    private volatile HeldKey[] _held = [.. keys.Select(k => new HeldKey(k, new KeyLife()))];

    /// <summary>Of the file that they were read from.</summary>
    public string Digest { get; private set; } = digest ?? "";

    /// <summary>False: everybody may do everything.</summary>
    public bool AsksForKeys { get; } = digest is not null;

    public int Count => _held.Length;

    /// <param name="file">Null = no keys are asked for.</param>
    /// <param name="time">When they expire.</param>
    /// <exception cref="InvalidOperationException">The file cannot be used; every reason is named.</exception>
    public static KeyRing Open(string? file, TimeProvider time)
    {
        if (file is null)
        {
            return new KeyRing([], null, time);
        }

        KeysReading reading = KeysFile.Read(file);
        return reading.Errors.Count == 0
            ? new KeyRing(reading.Keys, reading.Digest, time)
            : throw new InvalidOperationException(
                $"The keys file '{file}' cannot be used: {string.Join(" ", reading.Errors)}");
    }

    /// <param name="key">As a caller gave it.</param>
    /// <returns>Null: there is no such key, or it has expired.</returns>
    public HeldKey? FindGiven(ReadOnlySpan<byte> key)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(key, hash);
        return Find(hash);
    }

    /// <summary>All hashes are compared, in constant time.</summary>
    /// <returns>Null: there is no such key, or it has expired.</returns>
    public HeldKey? Find(ReadOnlySpan<byte> hash)
    {
        HeldKey? found = null;
        foreach (HeldKey held in _held)
        {
            if (CryptographicOperations.FixedTimeEquals(hash, held.Key.Sha256))
            {
                found = held;
            }
        }

        return found is not null && !HasExpired(found.Key) ? found : null;
    }

    /// <summary>Requests of keys that are gone, or may no longer do what they do, end.</summary>
    /// <returns>What changed, by the names of keys.</returns>
    public KeyChanges Replace(IReadOnlyList<AccessKey> keys, string digest)
    {
        HeldKey[] before = _held;
        HeldKey[] after =
        [
            .. keys.Select(k => new HeldKey(k, before.FirstOrDefault(b => IsSame(b.Key, k))?.Life ?? new KeyLife()))
        ];
        _held = after;
        Digest = digest;
        foreach (HeldKey old in before)
        {
            AccessKey? now = after.FirstOrDefault(a => IsSame(a.Key, old.Key))?.Key;
            old.Life.Set(now is null || HasExpired(now) ? null : now.Permission);
        }

        return new KeyChanges(
            [.. after.Where(a => !before.Any(b => IsSame(a.Key, b.Key))).Select(a => a.Key.Name)],
            [.. before.Where(b => !after.Any(a => IsSame(a.Key, b.Key))).Select(b => b.Key.Name)],
            [
                .. after.Where(a => before.Any(b => IsSame(a.Key, b.Key) && !IsEqual(a.Key, b.Key)))
                    .Select(a => a.Key.Name),
            ]);
    }

    /// <summary>Requests of keys that have expired by now end.</summary>
    /// <returns>The names of those that had not been found to.</returns>
    public IReadOnlyList<string> EndExpired()
    {
        HeldKey[] expired = [.. _held.Where(h => HasExpired(h.Key) && !h.Life[Permission.Read].IsOver)];
        foreach (HeldKey held in expired)
        {
            held.Life.Set(null);
        }

        return [.. expired.Select(h => h.Key.Name)];
    }

    private bool HasExpired(AccessKey key) => key.ExpiresAt <= time.GetUtcNow();

    private static bool IsSame(AccessKey one, AccessKey other) =>
        one.Name == other.Name && one.Sha256.AsSpan().SequenceEqual(other.Sha256);

    private static bool IsEqual(AccessKey one, AccessKey other) =>
        one.Permission == other.Permission && one.ExpiresAt == other.ExpiresAt;
}

/// <summary>What a new file of keys changed. A key that was exchanged under its name is in both.</summary>
public sealed record KeyChanges(string[] Added, string[] Removed, string[] Changed);
