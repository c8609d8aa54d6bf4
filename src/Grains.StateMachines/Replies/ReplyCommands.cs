using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;

namespace Grains.StateMachines.Replies;

/// <summary>What a commit says to who sent one of its messages.</summary>
/// <param name="Message">One that the commit acknowledges; null = its only one.</param>
/// <param name="Content">Is kept for who asks, where that message (or the one that it was sent on for) was
/// accepted.</param>
[GenerateSerializer, Immutable, Alias("grains.outgoing-reply")]
public sealed record OutgoingReply([property: Id(0)] MessageId? Message, [property: Id(1)] MessageContent Content);

/// <summary>
/// What came of a message, waiting for it to be over. Answered by <see cref="ReplyFound"/> or <see cref="Refused"/>.
/// </summary>
[GenerateSerializer, Immutable, Alias("grains.get-reply")]
public sealed record GetReply([property: Id(0)] ServiceId Service, [property: Id(1)] MessageId Message) : Command
{
    /// <summary>0 = as it is now.</summary>
    [Id(2)] public override long WaitMs { get; init; }

    public override bool IsRead => true;

    public override bool WaitsInside => WaitMs > 0;
}

/// <summary>What came of a message so far.</summary>
[GenerateSerializer, Immutable, Alias("grains.reply-found")]
public sealed record ReplyFound([property: Id(0)] ReplyStatus Status) : Answer
{
    [Id(1)] public MessageContent? Content { get; init; }

    /// <summary>Why it is a dead letter.</summary>
    [Id(2)] public string? Reason { get; init; }
}

/// <summary>How far a message has come, for who waits for its reply.</summary>
public enum ReplyStatus
{
    /// <summary>It waits, is leased, or was sent on: a reply may come.</summary>
    Open = 1,

    /// <summary>There is a reply.</summary>
    Replied = 2,

    /// <summary>It is over, and there is no reply, or none any more.</summary>
    Finished = 3,

    /// <summary>It is a dead letter.</summary>
    Dead = 4,

    /// <summary>It expired, was cancelled or purged while the caller waited: nobody will handle it.</summary>
    Dropped = 5,
}
