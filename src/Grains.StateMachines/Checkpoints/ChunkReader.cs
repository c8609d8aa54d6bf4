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

/// <summary>Reads what <see cref="StateSnapshot"/> wrote, straight into the state of a machine that is recovering.</summary>
internal static class ChunkReader
{
    public static void Read(PartitionState state, ReadOnlySpan<byte> chunk)
    {
        RecordReader from = RecordReader.Open(chunk, "checkpoint chunk");
        byte format = from.Byte();
        if (format != StateSnapshot.Format)
        {
            throw new FormatException(
                $"A checkpoint chunk of format {format} cannot be read; this version reads format {StateSnapshot.Format}.");
        }

        var section = (ChunkSection)from.Byte();
        uint count = from.Fixed32();
        for (uint i = 0; i < count; i++)
        {
            ReadEntry(state, section, ref from);
        }

        if (!from.AtEnd)
        {
            throw new FormatException($"A checkpoint chunk of {count} entries ({section}) goes on after its last one.");
        }
    }

    private static void ReadEntry(PartitionState state, ChunkSection section, ref RecordReader from)
    {
        switch (section)
        {
            case ChunkSection.Totals:
                ReadTotals(state, ref from);
                break;
            case ChunkSection.Keys:
                ReadKey(state, ref from);
                break;
            case ChunkSection.Nodes:
                ReadNode(state, ref from);
                break;
            case ChunkSection.Messages:
                ReadMessage(state, ref from);
                break;
            case ChunkSection.Outbox:
                var place = from.Place();
                OutgoingMessage message = OutboxAdded.ReadMessage(ref from);
                state.Outbox.Set(new OutboxKey(message.Partition.Value, place), message);
                break;
            case ChunkSection.Sources:
                var source = new SourceKey((uint)from.Varint(), from.Varint());
                state.Sources.Set(source, new Watermark(from.Place()));
                break;
            case ChunkSection.Idempotency:
                var age = from.Place();
                var entry = new IdempotencyEntry(from.Fixed128(), from.Fixed128(), age, from.Varint());
                state.Idempotency.Set(entry.Key, entry);
                state.IdempotencyByAge.Set(age, entry);
                break;
            case ChunkSection.Commits:
                var commit = new CommitKey(from.Varint(), from.Varint());
                state.RememberCommit(new CommittedDelivery(commit, from.Fixed128(), from.Varint(), from.Varint()));
                break;
            case ChunkSection.DroppedScopes:
                state.DroppedScopes.Set(new Place(from.Varint(), 0), DroppedScope.Marker);
                break;
            case ChunkSection.Replies:
                ReadReply(state, ref from);
                break;
            case ChunkSection.Timers:
                ReadTimer(state, ref from);
                break;
            case ChunkSection.LostRevisions:
                state.Lost.Add(from.Varint(), from.Varint());
                break;
            default:
                throw new FormatException($"Checkpoint section {(byte)section} is not known to this version.");
        }
    }

    private static void ReadTotals(PartitionState state, ref RecordReader from)
    {
        state.Totals = new StateTotals
        {
            Revision = from.Varint(),
            Epoch = from.Varint(),
            Incarnation = from.Varint(),
            TimeMs = from.Varint(),
            WallMs = from.Varint(),
            UptimeMs = from.Varint(),
            LastNode = from.Varint(),
            Bytes = from.Varint(),
        };
        state.Commands.Read(ref from);
    }

    private static void ReadKey(PartitionState state, ref RecordReader from)
    {
        var name = from.Scoped();
        long version = from.Varint();
        long created = from.Varint();
        long expiresAtMs = from.Varint();
        string? contentType = from.OptionalText();
        var entry = new KeyEntry(from.Bytes(), version, created, contentType, expiresAtMs);
        state.Keys.Set(name, entry);
        if (expiresAtMs > 0)
        {
            state.Expiries.Set(new ExpiryKey(expiresAtMs, name), entry);
        }
    }

    private static void ReadNode(PartitionState state, ref RecordReader from)
    {
        ScopedName name = from.Scoped();
        state.Nodes.Set(name, new NodeEntry(from.Varint())
        {
            StateVersion = from.Varint(),
            StateContentType = from.OptionalText(),
            State = from.OptionalBytes(),
            Waiting = from.Int(),
            Dead = from.Int(),
            Delayed = from.Int(),
            Paused = from.Bool(),
        });
    }

    private static void ReadMessage(PartitionState state, ref RecordReader from)
    {
        var id = from.Place();
        var owner = from.Scoped();
        long node = from.Varint();
        long acceptedAtMs = from.Varint();
        int attempts = from.Int();
        bool dead = from.Bool();
        string? reason = from.OptionalText();
        var place = from.Place();
        DueTime due = DueTime.Read(ref from);
        var message = new Message(id, owner, node, MessageCodec.Read(ref from))
        {
            AcceptedAtMs = acceptedAtMs,
            Attempts = attempts,
            Dead = dead,
            Reason = reason,
            Place = place,
            DueMs = due.AtMs,
            DueLine = due.Line,
        };
        state.Messages.Set(id, message);
        state.Mailboxes.Set(message.MailboxKey, message);
        if (due.IsSet)
        {
            state.Due.Set(message.DueKey, message);
        }

        if (message.ExpiresAtMs > 0)
        {
            state.Ending.Set(new DueKey(Timeline.Uptime, message.ExpiresAtMs, id), message);
        }
    }

    private static void ReadReply(PartitionState state, ref RecordReader from)
    {
        Place at = from.Place();
        long scope = from.Varint();
        var reply = new ReplyEntry(from.Place(), at, from.Varint(), from.Bool() ? MessageCodec.Read(ref from) : null, scope);
        state.Replies.Set(reply.Message, reply);
        state.RepliesByAge.Set(at, reply);
        state.Totals.ReplyBytes += reply.Bytes;
    }

    private static void ReadTimer(PartitionState state, ref RecordReader from)
    {
        ScopedName owner = from.Scoped();
        var key = new NodeTimerKey(from.Varint(), from.Name());
        DueTime due = DueTime.Read(ref from);
        bool isHeld = from.Bool();
        string? cron = from.OptionalText();
        string? zone = from.OptionalText();
        Place last = from.Place();
        var timer = new TimerEntry(owner, key, due, MessageCodec.Read(ref from))
        {
            Cron = cron, Zone = zone, Last = last, IsHeld = isHeld,
        };
        state.RestoreTimer(timer);
        NodeEntry node = state.Nodes.Get(owner)!;
        state.Nodes.Set(owner, node with { Timers = node.Timers + 1 });
    }
}
