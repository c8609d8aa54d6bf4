using Grains.StateMachines.Ids;

namespace Grains.StateMachines.Nodes;

/// <summary>What a message carries beside what its sender said: how long it is good for, and what it follows from.</summary>
[GenerateSerializer, Immutable, Alias("grains.message-terms")]
public sealed record MessageTerms
{
    /// <summary>It is not handed out from then on, but forgotten; ms since 1970, 0 = it never expires.</summary>
    [Id(0)] public long ExpiresAtMs { get; init; }

    /// <summary>Messages before it in its chain, each sent at once by the handling of the one before.</summary>
    [Id(1)] public int Hops { get; init; }

    /// <summary>With more hops than this it is a dead letter; 0 = however many.</summary>
    [Id(2)] public int HopsMax { get; init; }

    /// <summary>A reply to it is a reply to that one.</summary>
    [Id(3)] public MessageId? ReplyTo { get; init; }

    /// <summary>What they cost, counted as content.</summary>
    public const int SizeBytes = 24;

    public bool IsExpired(long nowMs) => ExpiresAtMs > 0 && ExpiresAtMs <= nowMs;

    /// <summary>Those of a message that is tried as if new.</summary>
    public MessageTerms? Renewed => ReplyTo is null ? null : new MessageTerms { ReplyTo = ReplyTo };
}
