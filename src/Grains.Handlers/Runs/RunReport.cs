namespace Grains.Handlers.Runs;

/// <summary>How a delivery's run ended.</summary>
/// <param name="End">How.</param>
/// <param name="Reason">For people; of one that is committed, what of the handler's answer was ignored, null =
/// nothing.</param>
[GenerateSerializer, Immutable, Alias("grains.run-report")]
public sealed record RunReport([property: Id(0)] RunEnd End, [property: Id(1)] string? Reason)
{
    /// <summary>As metrics and traces call it.</summary>
    public string EndName => End switch
    {
        RunEnd.Committed => "committed",
        RunEnd.Failed => "failed",
        RunEnd.Later => "later",
        RunEnd.Dead => "dead",
        _ => "lost",
    };
}

/// <summary>What a run came to. Numbers are part of the wire contract between servers: never reuse one.</summary>
public enum RunEnd
{
    /// <summary>Everything that the handler did is durable.</summary>
    Committed = 1,

    /// <summary>The attempt failed, and is made again after a pause, or was the last.</summary>
    Failed = 2,

    /// <summary>It is tried again after a pause, and did not count.</summary>
    Later = 3,

    /// <summary>The messages are dead letters now.</summary>
    Dead = 4,

    /// <summary>The delivery had ended before: nothing that the handler did counts.</summary>
    Lost = 5,
}
