using Grains.StateMachines.Batches;
using Grains.StateMachines.Codecs;
using Grains.StateMachines.Mailboxes;
using Grains.StateMachines.Tables;

namespace Grains.StateMachines.Outboxes;

/// <summary>What is on its way to other partitions, and what was taken from them.</summary>
internal sealed class OutboxTables : NounTables
{
    public OutboxTables(PartitionState state)
        : base(state)
    {
        Outbox = Table<OutboxKey, OutgoingMessage>();
        Sources = Table<SourceKey, Watermark>();
        Sections =
        [
            new Section<OutboxKey, OutgoingMessage>(80, "outbox entries", Outbox, Write, Read),
            new Section<SourceKey, Watermark>(81, "sources", Sources, WriteSource, ReadSource),
        ];
    }

    public Table<OutboxKey, OutgoingMessage> Outbox { get; }

    public Table<SourceKey, Watermark> Sources { get; }

    public override IReadOnlyList<Section> Sections { get; }

    public override IEnumerable<(byte Number, ReadEffect Read)> Effects =>
    [
        (OutboxAdded.Number, OutboxAdded.Read), (OutboxCleared.Number, OutboxCleared.Read),
        (SourceAdvanced.Number, SourceAdvanced.Read),
    ];

    private static void Write(RecordWriter to, OutboxKey key, OutgoingMessage message)
    {
        to.Place(key.Place);
        OutboxAdded.WriteMessage(to, message);
    }

    private void Read(ref RecordReader from)
    {
        var place = from.Place();
        OutgoingMessage message = OutboxAdded.ReadMessage(ref from);
        Outbox.Set(new OutboxKey(message.Partition.Value, place), message);
    }

    private static void WriteSource(RecordWriter to, SourceKey key, Watermark mark)
    {
        to.Varint(key.Source);
        to.Varint(key.Incarnation);
        to.Place(mark.UpTo);
    }

    private void ReadSource(ref RecordReader from)
    {
        var source = new SourceKey((uint)from.Varint(), from.Varint());
        Sources.Set(source, new Watermark(from.Place()));
    }
}
