using Grains.StateMachines.Codecs;
using Grains.StateMachines.Partitions;
using Grains.StateMachines.Tables;

namespace Grains.StateMachines.Keyspaces;

/// <summary>A key has this content.</summary>
internal sealed record KeyPut(ScopedName Name, byte[] Value, string? ContentType, long ExpiresAtMs) : Effect
{
    public override EffectKind Kind => EffectKind.KeyPut;

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

    public override void Apply(PartitionState state, long revision)
    {
        long created = state.Keys.Get(Name)?.Created ?? revision;
        state.PutKey(Name, new KeyEntry(Value, revision, created, ContentType, ExpiresAtMs));
    }
}

/// <summary>A key is gone: deleted, or (<paramref name="Expired"/>) at the end of its time.</summary>
internal sealed record KeyDeleted(ScopedName Name, bool Expired) : Effect
{
    public override EffectKind Kind => EffectKind.KeyDeleted;

    public override void Write(RecordWriter to)
    {
        to.Scoped(Name);
        to.Bool(Expired);
    }

    public static KeyDeleted Read(ref RecordReader from) => new(from.Scoped(), from.Bool());

    public override void Apply(PartitionState state, long revision) => state.PutKey(Name, null);
}
