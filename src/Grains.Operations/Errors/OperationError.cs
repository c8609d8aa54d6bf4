using Grains.Api.Problems;

namespace Grains.Operations.Errors;

/// <summary>Why an operation was refused. Nothing was changed unless <see cref="Outcome"/> says otherwise.</summary>
/// <param name="Code">What every door calls it.</param>
/// <param name="Detail">What exactly, which value, what to do next.</param>
public sealed record OperationError(ProblemCode Code, string Detail)
{
    /// <summary>What the request may have changed.</summary>
    public Outcome Outcome { get; init; }

    /// <summary>For <see cref="ProblemCode.VersionMismatch"/>: the version that is there; 0 = nothing is.</summary>
    public long? Current { get; init; }

    /// <summary>The limit that was exceeded, in the unit that the detail names.</summary>
    public long? Limit { get; init; }

    /// <summary>When to ask again; 0 = not known.</summary>
    public int RetryAfterMs { get; init; }
}
