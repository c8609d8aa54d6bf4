using System.Text.Json.Serialization;
using Grains.Api.Timers;

namespace Grains.Api.Deliveries;

/// <summary>Body of a commit: everything a handler did, as one record. Everything is optional.</summary>
public sealed class CommitRequest
{
    /// <summary>Absent = all messages of the delivery.</summary>
    public string[]? Ack { get; init; }

    /// <summary>Null = remove the state; absent = leave it.</summary>
    public CommitState? State
    {
        get;
        init
        {
            field = value;
            StateGiven = true;
        }
    }

    /// <summary>The request had a member <c>state</c>, null or not.</summary>
    [JsonIgnore]
    public bool StateGiven { get; private init; }

    /// <summary>Messages to send; 1,000 at the most.</summary>
    public CommitSend[]? Sends { get; init; }

    /// <summary>Keys of the partition to put or delete; 1,000 at the most.</summary>
    public CommitKey[]? Keys { get; init; }

    /// <summary>To those who sent messages of the delivery; one each.</summary>
    public CommitReply[]? Replies { get; init; }

    /// <summary>Of the delivery's own node.</summary>
    public CommitTimer[]? Timers { get; init; }
}

/// <summary>The node's new state.</summary>
public sealed class CommitState
{
    /// <summary>Base64; this or <see cref="Text"/>.</summary>
    public byte[]? Body { get; init; }

    /// <summary>UTF-8; this or base64.</summary>
    public string? Text { get; init; }

    /// <summary>Of the state; 255 characters at the most.</summary>
    public string? ContentType { get; init; }
}

/// <summary>A message to send.</summary>
public sealed class CommitSend
{
    /// <summary>Absent = the delivery's own service.</summary>
    public string? Service { get; init; }

    /// <summary>To which of the service; 512 bytes of UTF-8 at the most.</summary>
    public string? Node { get; init; }

    /// <summary>What kind of message it is, for who reads it; 255 characters at the most.</summary>
    public string? Type { get; init; }

    /// <summary>Of the body; 255 characters at the most.</summary>
    public string? ContentType { get; init; }

    /// <summary>Of the kinds that are kept with a message sent from outside.</summary>
    public Dictionary<string, string>? Headers { get; init; }

    /// <summary>Not before this long after the commit: a duration up to 365 d.</summary>
    public string? Delay { get; init; }

    /// <summary>Not before then: RFC 3339. This or <see cref="Delay"/>.</summary>
    public string? At { get; init; }

    /// <summary>It is forgotten if nobody has taken it so long after its time: a duration up to 3650 d.</summary>
    public string? Ttl { get; init; }

    /// <summary>
    /// A message that the commit acknowledges is sent on by this one: a reply to this one is a reply to that.
    /// </summary>
    public string? For { get; init; }

    /// <summary>Base64; this or <see cref="Text"/>.</summary>
    public byte[]? Body { get; init; }

    /// <summary>UTF-8; this or base64.</summary>
    public string? Text { get; init; }
}

/// <summary>A key to write or delete; it must live in the node's partition.</summary>
public sealed class CommitKey
{
    /// <summary>Of the key.</summary>
    public string? Keyspace { get; init; }

    /// <summary>1,024 bytes of UTF-8 at the most.</summary>
    public string? Key { get; init; }

    /// <summary>Base64; this, <see cref="Text"/> or <see cref="Delete"/>.</summary>
    public byte[]? Body { get; init; }

    /// <summary>UTF-8; this or base64.</summary>
    public string? Text { get; init; }

    /// <summary>Of the value; 255 characters at the most.</summary>
    public string? ContentType { get; init; }

    /// <summary>The key lives this long: a duration, 1 ms to 3,650 days. Absent = it stays.</summary>
    public string? Ttl { get; init; }

    /// <summary>Only if it has this version; else the whole commit is refused.</summary>
    public long? IfVersion { get; init; }

    /// <summary>True = only if there is none; else the whole commit is refused.</summary>
    public bool? IfAbsent { get; init; }

    /// <summary>True = it is deleted, and has no content here.</summary>
    public bool? Delete { get; init; }
}

/// <summary>What who sent a message is told.</summary>
public sealed class CommitReply
{
    /// <summary>One that the commit acknowledges; absent = the delivery's only one.</summary>
    public string? Message { get; init; }

    /// <summary>What kind of message it is, for who reads it; 255 characters at the most.</summary>
    public string? Type { get; init; }

    /// <summary>Of the body; 255 characters at the most.</summary>
    public string? ContentType { get; init; }

    /// <summary>Of the kinds that are kept with a message sent from outside.</summary>
    public Dictionary<string, string>? Headers { get; init; }

    /// <summary>Base64; this or <see cref="Text"/>.</summary>
    public byte[]? Body { get; init; }

    /// <summary>UTF-8; this or <see cref="Body"/>.</summary>
    public string? Text { get; init; }
}

/// <summary>A timer to set, or to end.</summary>
public sealed class CommitTimer : TimerRequest
{
    /// <summary>1 to 64 characters; one of a node by that name is replaced.</summary>
    public string? Name { get; init; }

    /// <summary>True = it ends; to end one that is not there is nothing.</summary>
    public bool? Delete { get; init; }
}

/// <summary>A commit is durable.</summary>
public sealed class CommitResult
{
    /// <summary>Of the change, in its partition.</summary>
    public required long Revision { get; init; }

    /// <summary>The node's state version after it; absent = no state.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? StateVersion { get; init; }

    /// <summary>For <c>?read=session&amp;at=</c>: reads from there on see the commit.</summary>
    public required string Position { get; init; }
}

/// <summary>Body of a renew.</summary>
public sealed class RenewRequest
{
    /// <summary>A duration, 100 ms to 12 h; the service's where absent.</summary>
    public string? Lease { get; init; }
}

/// <summary>The lease now ends this long after the answer was decided.</summary>
public sealed class RenewResult
{
    /// <summary>A duration, such as <c>30s</c>.</summary>
    public required string Lease { get; init; }
}

/// <summary>Body of a reject. Everything is optional.</summary>
public sealed class RejectRequest
{
    /// <summary>The node is held back this long: a duration up to 12 h; the service's back-off where absent.</summary>
    public string? Delay { get; init; }

    /// <summary>Kept with dead letters; 1,024 characters at the most.</summary>
    public string? Reason { get; init; }

    /// <summary>Do not try again.</summary>
    public bool? DeadLetter { get; init; }
}

/// <summary>What became of a rejected delivery's messages.</summary>
public sealed class RejectResult
{
    /// <summary>Messages that are in the mailbox again.</summary>
    public required int Returned { get; init; }

    /// <summary>Messages that are dead letters now.</summary>
    public required int DeadLettered { get; init; }
}
