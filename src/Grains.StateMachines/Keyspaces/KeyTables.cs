using Grains.StateMachines.Batches;
using Grains.StateMachines.Codecs;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Tables;

namespace Grains.StateMachines.Keyspaces;

/// <summary>The keys of all keyspaces.</summary>
internal sealed class KeyTables : NounTables
{
    public KeyTables(PartitionState state)
        : base(state)
    {
        Keys = Table<ScopedName, KeyEntry>();
        Expiries = Table<ExpiryKey, KeyEntry>();
        Sections = [new Section<ScopedName, KeyEntry>(10, "keys", Keys, Write, Read)];
    }

    public Table<ScopedName, KeyEntry> Keys { get; }

    /// <summary>Those that end, by when.</summary>
    public Table<ExpiryKey, KeyEntry> Expiries { get; }

    public override IReadOnlyList<Section> Sections { get; }

    public override IEnumerable<(byte Number, ReadEffect Read)> Effects =>
        [(KeyPut.Number, KeyPut.Read), (KeyDeleted.Number, KeyDeleted.Read)];

    /// <summary>Null removes it.</summary>
    public void Put(in ScopedName name, KeyEntry? entry)
    {
        KeyEntry? present = Keys.Get(name);
        if (present is { ExpiresAtMs: > 0 })
        {
            Expiries.Set(new ExpiryKey(present.ExpiresAtMs, name), null);
        }

        if (entry is { ExpiresAtMs: > 0 })
        {
            Expiries.Set(new ExpiryKey(entry.ExpiresAtMs, name), entry);
        }

        State.Totals.Bytes += (entry?.Bytes(name.Name.Length) ?? 0) - (present?.Bytes(name.Name.Length) ?? 0);
        Keys.Set(name, entry);
    }

    private static void Write(RecordWriter to, ScopedName name, KeyEntry entry)
    {
        to.Scoped(name);
        to.Varint(entry.Version);
        to.Varint(entry.Created);
        to.Varint(entry.ExpiresAtMs);
        to.OptionalText(entry.ContentType);
        to.Bytes(entry.Value);
    }

    private void Read(ref RecordReader from)
    {
        var name = from.Scoped();
        long version = from.Varint();
        long created = from.Varint();
        long expiresAtMs = from.Varint();
        string? contentType = from.OptionalText();
        var entry = new KeyEntry(from.Bytes(), version, created, contentType, expiresAtMs);
        Keys.Set(name, entry);
        if (expiresAtMs > 0)
        {
            Expiries.Set(new ExpiryKey(expiresAtMs, name), entry);
        }
    }
}
