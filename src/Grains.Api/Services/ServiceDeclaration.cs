namespace Grains.Api.Services;

/// <summary>A declared service, every default filled in.</summary>
public sealed class ServiceDeclaration
{
    public required string Name { get; init; }

    /// <summary>The revision of the declaration; stays when it is replaced, not when it is deleted and declared again.</summary>
    public required long Id { get; init; }
    public required HandlerSettings Handler { get; init; }
    public required RetrySettings Retry { get; init; }

    /// <summary>A delivery's lease where the receiver names none: a duration, 100 ms to 12 h.</summary>
    public required string Lease { get; init; }
    public required MailboxSettings Mailbox { get; init; }
}

/// <summary>Body of a declaration. Everything is optional.</summary>
public sealed class ServiceRequest
{
    public HandlerSettings? Handler { get; init; }
    public RetrySettings? Retry { get; init; }
    public string? Lease { get; init; }
    public MailboxSettings? Mailbox { get; init; }
}

/// <summary>How messages reach their handler.</summary>
public sealed class HandlerSettings
{
    /// <summary><c>pull</c>: workers ask.</summary>
    public string? Kind { get; init; }
}

/// <summary>What happens to a message whose handler fails.</summary>
public sealed class RetrySettings
{
    /// <summary>After this many attempts it is a dead letter: 1 to 1,000.</summary>
    public int? Attempts { get; init; }

    /// <summary>A rejected delivery's node is held back this long where the reject names no delay: a duration up to 12 h.</summary>
    public string? Backoff { get; init; }
}

/// <summary>Bounds of every node's mailbox.</summary>
public sealed class MailboxSettings
{
    /// <summary>More waiting messages than this refuse a send from outside: 1 to 1,000,000.</summary>
    public int? Limit { get; init; }
}

/// <summary>All services, by name.</summary>
public sealed class ServiceList
{
    public required ServiceDeclaration[] Services { get; init; }
}
