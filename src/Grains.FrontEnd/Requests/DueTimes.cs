using System.Globalization;
using Grains.Api;
using Grains.FrontEnd.Problems;
using Grains.StateMachines.Nodes;

namespace Grains.FrontEnd.Requests;

/// <summary>When a message's time comes, as callers write it: a delay, or a time in RFC 3339.</summary>
internal static class DueTimes
{
    private static readonly string[] _forms = ["yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"];

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

        // In a query an unescaped plus is a space.
        return at is null ? default : new Due(0, TimeMs(at.Replace(' ', '+'), refuse, atName));
    }

    private static long TimeMs(string at, Func<string, RequestRefusedException> refuse, string name)
    {
        bool hasZone = at.EndsWith('Z') || (at.Length > 6 && at[^6] is '+' or '-');
        if (!hasZone || !DateTimeOffset.TryParseExact(at, _forms, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTimeOffset time))
        {
            throw refuse($"{name} must be a time such as 2030-01-31T08:00:00Z or 2030-01-31T08:00:00+01:00.");
        }

        long ms = time.ToUnixTimeMilliseconds();
        return ms > DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() + Limits.DueMs
            ? throw refuse($"{name} must be at most {Durations.Write(Limits.DueMs)} from now.")
            : Math.Max(ms, 1);
    }
}
