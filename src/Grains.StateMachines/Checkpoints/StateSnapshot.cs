using Grains.StateMachines.Codecs;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;
using Grains.StateMachines.Nodes;
using Grains.StateMachines.Outboxes;
using Grains.StateMachines.Partitions;
using Grains.StateMachines.Replies;
using Grains.StateMachines.Tables;
using Grains.StateMachines.Timers;

namespace Grains.StateMachines.Checkpoints;

/// <summary>
/// A partition's durable state at one revision, for ever. Made in constant time; written out by any thread, while the
/// machine goes on.
/// </summary>
/// <remarks>
/// Chunk format 1: format byte, section byte, number of entries (fixed 32 bits), the entries in key order, CRC32C.
/// A chunk ends at the entry that takes it over 256 KiB.
/// </remarks>
public sealed class StateSnapshot
{
    internal const byte Format = 1;
    private const int _chunkBytes = 256 << 10;
    private const int _countOffset = 2;

    private readonly StateTotals _totals;
    private readonly CommandWindows _commands;
    private readonly FrozenTree<ScopedName, KeyEntry> _keys;
    private readonly FrozenTree<ScopedName, NodeEntry> _nodes;
    private readonly FrozenTree<Place, Message> _messages;
    private readonly FrozenTree<OutboxKey, OutgoingMessage> _outbox;
    private readonly FrozenTree<SourceKey, Watermark> _sources;
    private readonly FrozenTree<Place, IdempotencyEntry> _idempotency;
    private readonly FrozenTree<CommitKey, CommittedDelivery> _commits;
    private readonly FrozenTree<Place, DroppedScope> _droppedScopes;
    private readonly FrozenTree<Place, ReplyEntry> _replies;
    private readonly FrozenTree<NodeTimerKey, TimerEntry> _timers;

    private readonly KeyValuePair<long, LostRevisions.Range>[] _lost;

    internal StateSnapshot(PartitionState state)
    {
        _lost = state.Lost.All;
        _totals = state.DurableTotals;
        _commands = state.Commands.Copy();
        _keys = state.Keys.Freeze();
        _nodes = state.Nodes.Freeze();
        _messages = state.Messages.Freeze();
        _outbox = state.Outbox.Freeze();
        _sources = state.Sources.Freeze();
        _idempotency = state.IdempotencyByAge.Freeze();
        _commits = state.Commits.Freeze();
        _droppedScopes = state.DroppedScopes.Freeze();
        _replies = state.RepliesByAge.Freeze();
        _timers = state.Timers.Freeze();
    }

    /// <summary>The state holds every record up to here.</summary>
    public Revision At => new(_totals.Revision);

    /// <summary>Counts what it holds; as long as writing it out.</summary>
    public StateContents Count()
    {
        int dead = _messages.All.Count(m => m.Value.Dead);
        return new StateContents(
            _keys.Count, _nodes.Count, _messages.Count - dead, dead, _outbox.Count, _idempotency.Count, _totals.Bytes);
    }

    /// <summary>The snapshot as bytes. Each chunk is valid until the next is asked for.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> Chunks()
    {
        var to = new RecordWriter();
        to.Byte(Format);
        to.Byte((byte)ChunkSection.Totals);
        to.Fixed32(1);
        WriteTotals(to);
        _commands.Write(to);
        to.Seal();
        yield return to.Written;

        IEnumerable<ReadOnlyMemory<byte>>[] sections =
        [
            Section(ChunkSection.Keys, _keys.All, WriteKey, to),
            Section(ChunkSection.Nodes, _nodes.All, WriteNode, to),
            Section(ChunkSection.Messages, _messages.All, WriteMessage, to),
            Section(ChunkSection.Outbox, _outbox.All, WriteOutbox, to),
            Section(ChunkSection.Sources, _sources.All, WriteSource, to),
            Section(ChunkSection.Idempotency, _idempotency.All, WriteIdempotency, to),
            Section(ChunkSection.Commits, _commits.All, WriteCommit, to),
            Section(ChunkSection.DroppedScopes, _droppedScopes.All, static (w, scope, _) => w.Varint(scope.Revision), to),
            Section(ChunkSection.Replies, _replies.All, WriteReply, to),
            Section(ChunkSection.Timers, _timers.All, WriteTimer, to),
            Section(ChunkSection.LostRevisions, _lost, WriteLost, to),
        ];
        foreach (ReadOnlyMemory<byte> chunk in sections.SelectMany(s => s))
        {
            yield return chunk;
        }
    }

    private static IEnumerable<ReadOnlyMemory<byte>> Section<TKey, TValue>(
        ChunkSection section, IEnumerable<KeyValuePair<TKey, TValue>> entries, Action<RecordWriter, TKey, TValue> write, RecordWriter to)
        where TKey : struct, IComparable<TKey>
        where TValue : class
    {
        uint count = 0;
        foreach ((TKey key, TValue value) in entries)
        {
            if (count == 0)
            {
                to.Clear();
                to.Byte(Format);
                to.Byte((byte)section);
                to.Fixed32(0);
            }

            write(to, key, value);
            count++;
            if (to.Length >= _chunkBytes)
            {
                yield return End(to, ref count);
            }
        }

        if (count > 0)
        {
            yield return End(to, ref count);
        }
    }

    private static ReadOnlyMemory<byte> End(RecordWriter to, ref uint count)
    {
        to.Fixed32At(_countOffset, count);
        to.Seal();
        count = 0;
        return to.Written;
    }

    private void WriteTotals(RecordWriter to)
    {
        to.Varint(_totals.Revision);
        to.Varint(_totals.Epoch);
        to.Varint(_totals.Incarnation);
        to.Varint(_totals.TimeMs);
        to.Varint(_totals.WallMs);
        to.Varint(_totals.UptimeMs);
        to.Varint(_totals.LastNode);
        to.Varint(_totals.Bytes);
    }

    private static void WriteLost(RecordWriter to, long first, LostRevisions.Range range)
    {
        to.Varint(first);
        to.Varint(range.Last);
    }

    private static void WriteKey(RecordWriter to, ScopedName name, KeyEntry entry)
    {
        to.Scoped(name);
        to.Varint(entry.Version);
        to.Varint(entry.Created);
        to.Varint(entry.ExpiresAtMs);
        to.OptionalText(entry.ContentType);
        to.Bytes(entry.Value);
    }

    private static void WriteNode(RecordWriter to, ScopedName name, NodeEntry node)
    {
        to.Scoped(name);
        to.Varint(node.Number);
        to.Varint(node.StateVersion);
        to.OptionalText(node.StateContentType);
        to.OptionalBytes(node.State);
        to.Varint(node.Waiting);
        to.Varint(node.Dead);
        to.Varint(node.Delayed);
        to.Bool(node.Paused);
    }

    private static void WriteMessage(RecordWriter to, Place id, Message message)
    {
        to.Place(id);
        to.Scoped(message.Owner);
        to.Varint(message.Node);
        to.Varint(message.AcceptedAtMs);
        to.Varint(message.Attempts);
        to.Bool(message.Dead);
        to.OptionalText(message.Reason);
        to.Place(message.Place);
        message.Due.Write(to);
        MessageCodec.Write(to, message.Content);
    }

    private static void WriteOutbox(RecordWriter to, OutboxKey key, OutgoingMessage message)
    {
        to.Place(key.Place);
        OutboxAdded.WriteMessage(to, message);
    }

    private static void WriteSource(RecordWriter to, SourceKey key, Watermark mark)
    {
        to.Varint(key.Source);
        to.Varint(key.Incarnation);
        to.Place(mark.UpTo);
    }

    private static void WriteIdempotency(RecordWriter to, Place age, IdempotencyEntry entry)
    {
        to.Place(age);
        to.Fixed128(entry.Key);
        to.Fixed128(entry.Body);
        to.Varint(entry.ExpiresAtMs);
    }

    private static void WriteCommit(RecordWriter to, CommitKey key, CommittedDelivery commit)
    {
        to.Varint(key.Epoch);
        to.Varint(key.Number);
        to.Fixed128(commit.BodyHash);
        to.Varint(commit.Revision);
        to.Varint(commit.StateVersion);
    }

    /// <summary>One without content is promised.</summary>
    private static void WriteReply(RecordWriter to, Place at, ReplyEntry reply)
    {
        to.Place(at);
        to.Varint(reply.Scope);
        to.Place(reply.Message);
        to.Varint(reply.UntilMs);
        to.Bool(reply.Content is not null);
        if (reply.Content is { } content)
        {
            MessageCodec.Write(to, content);
        }
    }

    private static void WriteTimer(RecordWriter to, NodeTimerKey key, TimerEntry timer)
    {
        to.Scoped(timer.Owner);
        to.Varint(key.Node);
        to.Name(key.Name);
        timer.Due.Write(to);
        to.Bool(timer.IsHeld);
        to.OptionalText(timer.Cron);
        to.OptionalText(timer.Zone);
        to.Place(timer.Last);
        MessageCodec.Write(to, timer.Content);
    }
}
