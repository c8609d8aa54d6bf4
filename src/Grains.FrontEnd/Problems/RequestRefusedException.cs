using Grains.Api.Problems;

namespace Grains.FrontEnd.Problems;

/// <summary>The request cannot be carried out, and why; becomes its answer. Nothing was changed unless it says so.</summary>
internal sealed class RequestRefusedException(ProblemCode code, string detail) : Exception(detail)
{
    public ProblemCode Code { get; } = code;

    public Outcome Outcome { get; init; }

    public long? Current { get; init; }

    public long? Limit { get; init; }

    public int RetryAfterMs { get; init; }
}
