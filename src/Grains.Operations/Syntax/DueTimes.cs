using Grains.Api;
using Grains.Api.Problems;
using Grains.Operations.Errors;
using Grains.StateMachines.Clocks;

namespace Grains.Operations.Syntax;

/// <summary>When a message's time comes, as callers write it: a delay, or a time in RFC 3339.</summary>
public static class DueTimes
{
    /// <param name="delay">A duration; null = not given.</param>
    /// <param name="at">A time; null = not given. Neither: at once.</param>
    /// <param name="code">Of a refusal.</param>
    /// <param name="delayName">Names the first in a refusal.</param>
    /// <param name="atName">Names the second.</param>
    public static Result<Due> Parse(string? delay, string? at, ProblemCode code, string delayName, string atName)
    {
        if (delay is not null && at is not null)
        {
            return new OperationError(code, $"{delayName} and {atName} are both given; give one.");
        }

        if (delay is not null)
        {
            return Durations.TryParse(delay, out long delayMs) && delayMs is >= 0 and <= Limits.DueMs
                ? new Due(delayMs, 0)
                : new OperationError(
                    code, $"{delayName} must be a duration from 0s to {Durations.Write(Limits.DueMs)}, such as 10s.");
        }

        if (at is null)
        {
            return default(Due);
        }

        if (!Rfc3339.TryParse(at, out long ms))
        {
            return new OperationError(
                code,
                $"{atName} must be a time of RFC 3339, such as 2030-01-31T08:00:00Z or 2030-01-31T08:00:00.5+01:00.");
        }

        return ms > DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() + Limits.DueMs
            ? new OperationError(code, $"{atName} must be at most {Durations.Write(Limits.DueMs)} from now.")
            : new Due(0, Math.Max(ms, 1));
    }
}
