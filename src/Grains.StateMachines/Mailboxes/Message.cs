using Grains.StateMachines.Clocks;
using Grains.StateMachines.Ids;

namespace Grains.StateMachines.Mailboxes;

/// <summary>An accepted message in memory. Immutable: a change replaces it.</summary>
/// <param name="Id">Where it was accepted.</param>
/// <param name="Owner">Its node.</param>
/// <param name="Node">Its node's number.</param>
/// <param name="Content">What the sender said.</param>
internal sealed record Message(Place Id, ScopedName Owner, long Node, MessageContent Content)
{
    /// <summary>What a message costs beside its content, counted against the budget.</summary>
    public const int OverheadBytes = 400;

    public long AcceptedAtMs { get; init; }

    /// <summary>Starts that are on record.</summary>
    public int Attempts { get; init; }

    public bool Dead { get; init; }

    /// <summary>Why it is a dead letter.</summary>
    public string? Reason { get; init; }

    /// <summary>Its place in the mailbox; another than its id after a retry.</summary>
    public Place Place { get; init; } = Id;

    /// <summary>It stands beside the mailbox until then; 0 = it does not.</summary>
    public long DueMs { get; init; }

    /// <summary>On which clock <see cref="DueMs"/> is.</summary>
    public Timeline DueLine { get; init; }

    public DueTime Due => new(DueMs, DueLine);

    public DueKey DueKey => new(DueLine, DueMs, Id);

    /// <summary>It is not handed out from then on, in uptime; 0 = it never expires, or waits for a person.</summary>
    public long ExpiresAtMs => Dead ? 0 : Content.Metadata?.ExpiresAtMs ?? 0;

    public MailboxKey MailboxKey => new(
        Node, Dead ? MailboxPart.Dead : DueMs > 0 ? MailboxPart.Delayed : MailboxPart.Waiting, Place);

    public long Bytes => OverheadBytes + Content.SizeBytes;

    /// <param name="partition">Where it is.</param>
    /// <param name="attempts">Starts so far.</param>
    /// <param name="now">What is said of times is said as of now, on the wall clock.</param>
    public MessageView View(PartitionId partition, int attempts, in Moment now) => new()
    {
        Id = new MessageId(partition, new Revision(Id.Revision), Id.Ordinal),
        Content = Content.Metadata is { EndsAtAll: true } metadata
            ? Content with { Metadata = metadata.OnWall(Due, now) }
            : Content,
        Attempts = attempts,
        AcceptedAtMs = AcceptedAtMs,
        Reason = Reason,
        Node = Owner.Name,
        DueMs = Due.OnWall(now),
    };
}
