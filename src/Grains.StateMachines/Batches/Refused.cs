using Grains.StateMachines.Ids;

namespace Grains.StateMachines.Batches;

/// <summary>Nothing was changed, and why. <paramref name="Detail"/> says what, which value, what to do next.</summary>
[GenerateSerializer, Immutable, Alias("grains.refused")]
public sealed record Refused([property: Id(0)] Refusal Code, [property: Id(1)] string Detail) : Answer
{
    /// <summary>For <see cref="Refusal.VersionMismatch"/>: the version that is there, none if nothing is.</summary>
    [Id(2)] public Revision Current { get; init; }

    /// <summary>When a repeat has a chance, in ms; 0 = no advice.</summary>
    [Id(3)] public int RetryAfterMs { get; init; }

    /// <summary>
    /// For <see cref="Refusal.CommandTooOld"/>: the youngest router that the partition knows. One that is younger
    /// will be heard; but what may have been applied under the old name must not be repeated under another.
    /// </summary>
    [Id(4)] public long NewestIncarnation { get; init; }

    /// <summary>
    /// An earlier attempt of the same command was lost on its way, and is not known here: it may still arrive, and be
    /// applied.
    /// </summary>
    [Id(5)] public bool IsUncertain { get; init; }

    /// <summary>The same words for a delivery that has ended and for one that never was.</summary>
    public static Refused Gone(DeliveryId id) => new(
        Refusal.DeliveryGone,
        $"Delivery {id} is not open: it was committed or rejected, its lease ran out, or its partition has another "
        + "owner. "
        + "Receive again; messages that were not acknowledged will come back.");
}
