using Grains.Api;
using Grains.FrontEnd.Problems;
using Grains.StateMachines.Clocks;

namespace Grains.FrontEnd.Requests;

/// <summary>When a message's time comes, as callers write it: a delay, or a time in RFC 3339.</summary>
internal static class DueTimes
{
    public static Due Parse(
        string? delay, string? at, Func<string, RequestRefusedException> refuse, string delayName, string atName)
    {
        if (delay is not null && at is not null)
        {
            throw refuse($"{delayName} and {atName} are both given; give one.");
        }

        if (delay is not null)
        {
            return Durations.TryParse(delay, out long ms) && ms is >= 0 and <= Limits.DueMs
                ? new Due(ms, 0)
                : throw refuse($"{delayName} must be a duration from 0s to {Durations.Write(Limits.DueMs)}, such as 10s.");
        }

        return at is null ? default : new Due(0, TimeMs(at, refuse, atName));
    }

    private static long TimeMs(string at, Func<string, RequestRefusedException> refuse, string name)
    {
        if (!Rfc3339.TryParse(at, out long ms))
        {
            throw refuse($"{name} must be a time of RFC 3339, such as 2030-01-31T08:00:00Z or 2030-01-31T08:00:00.5+01:00.");
        }

        return ms > DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() + Limits.DueMs
            ? throw refuse($"{name} must be at most {Durations.Write(Limits.DueMs)} from now.")
            : Math.Max(ms, 1);
    }
}
