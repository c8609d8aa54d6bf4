using Grains.StateMachines.Batches;
using Grains.StateMachines.Codecs;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;
using Grains.StateMachines.Tables;

namespace Grains.StateMachines.Replies;

/// <summary>The replies that are kept for a while, and promised ones.</summary>
internal sealed class ReplyTables : NounTables
{
    public ReplyTables(PartitionState state, MailboxTables mail)
        : base(state)
    {
        Replies = Table<Place, ReplyEntry>();
        RepliesByAge = Table<Place, ReplyEntry>();
        Sections = [new Section<Place, ReplyEntry>(70, "replies", RepliesByAge, Write, Read)];
        mail.OnEnd.Add((message, end) => Tell(message, end == MessageEnd.Dropped));
    }

    /// <summary>By the message that they are to.</summary>
    public Table<Place, ReplyEntry> Replies { get; }

    public Table<Place, ReplyEntry> RepliesByAge { get; }

    public override IReadOnlyList<Section> Sections { get; }

    public override IEnumerable<(byte Number, ReadEffect Read)> Effects =>
        [(ReplyKept.Number, ReplyKept.Read), (ReplyPromised.Number, ReplyPromised.Read)];

    /// <summary>Messages for whose end somebody waits. Not state: nothing is decided on it.</summary>
    public HashSet<Place> Awaited { get; } = [];

    /// <summary>
    /// Those of <see cref="Awaited"/> to which something happened, perhaps in a batch that never was; true = nobody
    /// will handle it.
    /// </summary>
    public Dictionary<Place, bool> Ended { get; } = [];

    public void Put(ReplyEntry reply)
    {
        if (Replies.Get(reply.Message) is { } promised)
        {
            RepliesByAge.Set(promised.At, null);
            Count(ref State.Totals, -promised.Bytes);
        }

        Replies.Set(reply.Message, reply);
        RepliesByAge.Set(reply.At, reply);
        Count(ref State.Totals, reply.Bytes);
        Tell(reply.Message, isDropped: false);
    }

    public override void Forget()
    {
        while (RepliesByAge.TryFirstDurable(default, out Place kept, out ReplyEntry reply)
            && (reply.UntilMs <= State.DurableTotals.UptimeMs || RepliesByAge.Count > State.Limits.RepliesMax
                || State.DurableTotals.ReplyBytes > State.Limits.RepliesBytesMax))
        {
            RepliesByAge.RemoveDurable(kept);
            Replies.RemoveDurable(reply.Message);
            Count(ref State.DurableTotals, -reply.Bytes);
            Count(ref State.Totals, -reply.Bytes);
        }
    }

    private void Tell(Place message, bool isDropped)
    {
        if (Awaited.Count > 0 && Awaited.Contains(message))
        {
            Ended[message] = isDropped;
        }
    }

    private static void Count(ref StateTotals totals, long bytes)
    {
        totals.Bytes += bytes;
        totals.ReplyBytes += bytes;
    }

    /// <summary>One without content is promised.</summary>
    private static void Write(RecordWriter to, Place at, ReplyEntry reply)
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

    private void Read(ref RecordReader from)
    {
        Place at = from.Place();
        long scope = from.Varint();
        var reply = new ReplyEntry(
            from.Place(), at, from.Varint(), from.Bool() ? MessageCodec.Read(ref from) : null, scope);
        Replies.Set(reply.Message, reply);
        RepliesByAge.Set(at, reply);
        State.Totals.ReplyBytes += reply.Bytes;
    }
}
