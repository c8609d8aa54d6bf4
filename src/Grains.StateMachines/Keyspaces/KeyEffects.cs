using Grains.StateMachines.Batches;
using Grains.StateMachines.Codecs;
using Grains.StateMachines.Ids;

namespace Grains.StateMachines.Keyspaces;

/// <summary>A key has this content.</summary>
internal sealed record KeyPut(ScopedName Name, byte[] Value, string? ContentType, long ExpiresAtMs) : Effect<KeyTables>
{
    public const byte Number = 10;

    public override byte Kind => Number;

    public override void Write(RecordWriter to)
    {
        to.Scoped(Name);
        to.OptionalText(ContentType);
        to.Varint(ExpiresAtMs);
        to.Bytes(Value);
    }

    public static KeyPut Read(ref RecordReader from)
    {
        var name = from.Scoped();
        string? contentType = from.OptionalText();
        long expiresAtMs = from.Varint();
        return new KeyPut(name, from.Bytes(), contentType, expiresAtMs);
    }

    protected override void Apply(KeyTables keys, long revision)
    {
        long created = keys.Keys.Get(Name)?.Created ?? revision;
        keys.Put(Name, new KeyEntry(Value, revision, created, ContentType, ExpiresAtMs));
    }
}

/// <summary>A key is gone: deleted, or (<paramref name="Expired"/>) at the end of its time.</summary>
internal sealed record KeyDeleted(ScopedName Name, bool Expired) : Effect<KeyTables>
{
    public const byte Number = 11;

    public override byte Kind => Number;

    public override void Write(RecordWriter to)
    {
        to.Scoped(Name);
        to.Bool(Expired);
    }

    public static KeyDeleted Read(ref RecordReader from) => new(from.Scoped(), from.Bool());

    protected override void Apply(KeyTables keys, long revision) => keys.Put(Name, null);
}
