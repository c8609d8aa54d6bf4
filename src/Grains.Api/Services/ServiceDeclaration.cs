using System.Text.Json.Serialization;

namespace Grains.Api.Services;

/// <summary>A declared service, every default filled in.</summary>
public sealed class ServiceDeclaration
{
    /// <summary>As in its path.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// The revision of the declaration; stays when it is replaced, not when it is deleted and declared again.
    /// </summary>
    public required long Id { get; init; }

    /// <summary>Who handles its messages.</summary>
    public required HandlerSettings Handler { get; init; }

    /// <summary>What is done after an attempt that failed.</summary>
    public required RetrySettings Retry { get; init; }

    /// <summary>A delivery's lease where the receiver names none: a duration, 100 ms to 12 h.</summary>
    public required string Lease { get; init; }

    /// <summary>The bounds of each node.</summary>
    public required MailboxSettings Mailbox { get; init; }

    /// <summary>Nothing of it is handed out; absent = false.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Paused { get; init; }
}

/// <summary>Body of a declaration. Everything is optional.</summary>
public sealed class ServiceRequest
{
    /// <summary>Who handles its messages; workers that ask for them where absent.</summary>
    public HandlerSettings? Handler { get; init; }

    /// <summary>What is done after an attempt that failed; five attempts where absent.</summary>
    public RetrySettings? Retry { get; init; }

    /// <summary>How long a delivery lasts: a duration, 100 ms to 12 h; 30 s where absent.</summary>
    public string? Lease { get; init; }

    /// <summary>The bounds of each node; 10,000 messages where absent.</summary>
    public MailboxSettings? Mailbox { get; init; }

    /// <summary>Nothing of it is handed out. Absent = as it was.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Paused { get; init; }
}

/// <summary>How messages reach their handler.</summary>
public sealed class HandlerSettings
{
    /// <summary>
    /// <c>pull</c>: workers ask; <c>push</c>: servers POST each delivery to a URL, and the answer is the commit;
    /// <c>hosted</c>: servers call a .NET class that was built into them.
    /// </summary>
    public string? Kind { get; init; }

    /// <summary>For push: 1 to 16, http or https, of 2,048 characters at the most.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string[]? Urls { get; init; }

    /// <summary>
    /// For push: <c>simple</c>, the body is one message; <c>envelope</c>, it is the delivery's document.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Mode { get; init; }

    /// <summary>
    /// For push: an answer that says success and is no commit has failed. Absent = false: it is success, and what it
    /// says is ignored.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Strict { get; init; }

    /// <summary>
    /// For push: <c>whsec_</c> and base64 of 24 to 64 bytes. Absent = the one that was there, else a new one. Never
    /// given back with the declaration: <c>GET …/secret</c> shows it.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Secret { get; init; }

    /// <summary>For push and hosted: what takes longer has failed. A duration, 100 ms to 1 h.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Timeout { get; init; }

    /// <summary>For push (envelope) and hosted: messages in one delivery at the most, 1 to 1,000.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Batch { get; init; }

    /// <summary>For push and hosted: deliveries that one server has out at once, 1 to 1,024.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? InFlight { get; init; }
}

/// <summary>What happens to a message whose handler fails.</summary>
public sealed class RetrySettings
{
    /// <summary>After this many attempts it is a dead letter: 1 to 1,000.</summary>
    public int? Attempts { get; init; }

    /// <summary>
    /// A node is held back this long after its first failed attempt, where a reject names no delay, and twice as long
    /// after each further one; of that, four fifths to all, drawn. A duration up to 12 h.
    /// </summary>
    public string? Backoff { get; init; }

    /// <summary>Never longer than this: a duration from <see cref="Backoff"/> to 12 h.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? MaxBackoff { get; init; }
}

/// <summary>Bounds of every node's mailbox.</summary>
public sealed class MailboxSettings
{
    /// <summary>More waiting messages than this refuse a send from outside: 1 to 1,000,000.</summary>
    public int? Limit { get; init; }

    /// <summary>
    /// Where a handling sends at once, and the handling of that sends at once again, and so on, a message that follows
    /// from more than this many is a dead letter: 1 to 1,000,000,000, 100,000 where absent.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? MaxHops { get; init; }
}

/// <summary>What a service's push requests are signed with.</summary>
public sealed class ServiceSecret
{
    /// <summary><c>whsec_</c> and base64, as Standard Webhooks writes it.</summary>
    public required string Secret { get; init; }
}

/// <summary>All services, by name.</summary>
public sealed class ServiceList
{
    /// <summary>All of them, by name.</summary>
    public required ServiceDeclaration[] Services { get; init; }
}
