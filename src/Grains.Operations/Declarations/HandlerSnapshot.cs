namespace Grains.Operations.Declarations;

/// <summary>How a service's messages reach their handler, every default filled in. Immutable.</summary>
public sealed record HandlerSnapshot
{
    public static readonly HandlerSnapshot Pull = new() { Kind = HandlerKind.Pull };

    public required HandlerKind Kind { get; init; }

    /// <summary>For push: where to; one at least.</summary>
    public IReadOnlyList<Uri> Urls { get; init; } = [];

    /// <summary>For push: the body is the delivery's document, not the message.</summary>
    public bool IsEnvelope { get; init; }

    /// <summary>For push: an answer that is no commit has failed, also where it says success.</summary>
    public bool IsStrict { get; init; }

    /// <summary>For push: signs every request.</summary>
    public WebhookSecret? Secret { get; init; }

    /// <summary>A handler that takes longer has failed.</summary>
    public long TimeoutMs { get; init; }

    /// <summary>Messages in one delivery at the most.</summary>
    public int Batch { get; init; }

    /// <summary>Deliveries of the service that one server has out at once.</summary>
    public int InFlight { get; init; }

    public bool Equals(HandlerSnapshot? other) => other is not null && Kind == other.Kind
        && Urls.SequenceEqual(other.Urls) && IsEnvelope == other.IsEnvelope && IsStrict == other.IsStrict
        && Equals(Secret, other.Secret)
        && TimeoutMs == other.TimeoutMs && Batch == other.Batch && InFlight == other.InFlight;

    public override int GetHashCode() => HashCode.Combine(Kind, Urls.Count, IsEnvelope, TimeoutMs, Batch, InFlight);
}

/// <summary>Who moves a message to its handler.</summary>
public enum HandlerKind
{
    /// <summary>Workers ask.</summary>
    Pull,

    /// <summary>Servers POST it to a URL.</summary>
    Push,

    /// <summary>Servers call a class that was built into them.</summary>
    Hosted,
}
