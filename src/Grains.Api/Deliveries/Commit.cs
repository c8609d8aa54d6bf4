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

    public CommitSend[]? Sends { get; init; }
    public CommitKey[]? Keys { get; init; }
    public CommitReply[]? Replies { get; init; }

    /// <summary>Of the delivery's own node.</summary>
    public CommitTimer[]? Timers { get; init; }
}

/// <summary>The node's new state.</summary>
public sealed class CommitState
{
    /// <summary>Base64; this or <see cref="Text"/>.</summary>
    public byte[]? Body { get; init; }
    public string? Text { get; init; }
    public string? ContentType { get; init; }
}

/// <summary>A message to send.</summary>
public sealed class CommitSend
{
    /// <summary>Absent = the delivery's own service.</summary>
    public string? Service { get; init; }
    public string? Node { get; init; }
    public string? Type { get; init; }
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
    public string? Text { get; init; }
}

/// <summary>A key to write or delete; it must live in the node's partition.</summary>
public sealed class CommitKey
{
    public string? Keyspace { get; init; }
    public string? Key { get; init; }

    /// <summary>Base64; this, <see cref="Text"/> or <see cref="Delete"/>.</summary>
    public byte[]? Body { get; init; }
    public string? Text { get; init; }
    public string? ContentType { get; init; }
    public string? Ttl { get; init; }
    public long? IfVersion { get; init; }
    public bool? IfAbsent { get; init; }
    public bool? Delete { get; init; }
}

/// <summary>What who sent a message is told.</summary>
public sealed class CommitReply
{
    /// <summary>One that the commit acknowledges; absent = the delivery's only one.</summary>
    public string? Message { get; init; }
    public string? Type { get; init; }
    public string? ContentType { get; init; }

    /// <summary>Of the kinds that are kept with a message sent from outside.</summary>
    public Dictionary<string, string>? Headers { get; init; }

    /// <summary>Base64; this or <see cref="Text"/>.</summary>
    public byte[]? Body { get; init; }
    public string? Text { get; init; }
}

/// <summary>A timer to set, or to end.</summary>
public sealed class CommitTimer : TimerRequest
{
    public string? Name { get; init; }

    /// <summary>True = it ends; to end one that is not there is nothing.</summary>
    public bool? Delete { get; init; }
}

/// <summary>A commit is durable.</summary>
public sealed class CommitResult
{
    public required long Revision { get; init; }

    /// <summary>The node's state version after it; absent = no state.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? StateVersion { get; init; }
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
    public required int Returned { get; init; }
    public required int DeadLettered { get; init; }
}
