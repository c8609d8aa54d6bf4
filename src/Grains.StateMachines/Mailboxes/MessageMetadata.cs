using Grains.StateMachines.Batches;
using Grains.StateMachines.Clocks;
using Grains.StateMachines.Ids;

namespace Grains.StateMachines.Mailboxes;

/// <summary>
/// What a message carries beside what its sender said: how long it is good for, and what it follows from.
/// </summary>
[GenerateSerializer, Immutable, Alias("grains.message-metadata")]
public sealed record MessageMetadata
{
    /// <summary>
    /// It is not handed out from then on, but forgotten; in the uptime of the partition that has it, for people on the
    /// wall clock. 0 = it never expires, or <see cref="TtlMs"/> says when.
    /// </summary>
    [Id(0)] public long ExpiresAtMs { get; init; }

    /// <summary>Messages before it in its chain, each sent at once by the handling of the one before.</summary>
    [Id(1)] public int Hops { get; init; }

    /// <summary>With more hops than this it is a dead letter; 0 = however many.</summary>
    [Id(2)] public int HopsMax { get; init; }

    /// <summary>A reply to it is a reply to that one.</summary>
    [Id(3)] public MessageId? ReplyTo { get; init; }

    /// <summary>
    /// It expires so long after its time has come, or after it arrived; 0 = <see cref="ExpiresAtMs"/> says when.
    /// </summary>
    [Id(4)] public long TtlMs { get; init; }

    /// <summary>What they cost, counted as content.</summary>
    public const int SizeBytes = 24;

    public bool EndsAtAll => ExpiresAtMs > 0 || TtlMs > 0;

    /// <summary>When it expires is known from now on.</summary>
    public MessageMetadata Begun(long uptimeMs) =>
        TtlMs == 0 ? this : this with { ExpiresAtMs = uptimeMs + TtlMs, TtlMs = 0 };

    /// <summary>As people are told.</summary>
    public MessageMetadata OnWall(DueTime due, in Moment now) => this with
    {
        ExpiresAtMs = ExpiresAtMs > 0 ? now.WallOf(ExpiresAtMs) : due.OnWall(now) + TtlMs, TtlMs = 0,
    };

    /// <summary>Those of a message that lives so long from its time on.</summary>
    internal MessageMetadata Lasting(long ttlMs, DueTime due, Draft draft) => ttlMs == 0 ? this
        : due.IsSet && due.Line == Timeline.Wall ? this with { TtlMs = ttlMs }
        : this with { ExpiresAtMs = Math.Max(due.AtMs, draft.NowMs) + ttlMs };

    public bool IsExpired(long nowMs) => ExpiresAtMs > 0 && ExpiresAtMs <= nowMs;

    /// <summary>Those of a message that is tried as if new.</summary>
    public MessageMetadata? Renewed => ReplyTo is null ? null : new MessageMetadata { ReplyTo = ReplyTo };
}
