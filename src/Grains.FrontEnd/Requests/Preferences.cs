using Grains.Api;
using Grains.Api.Problems;
using Grains.FrontEnd.Problems;
using Grains.StateMachines.Codecs;
using Microsoft.AspNetCore.Http;

namespace Grains.FrontEnd.Requests;

/// <summary>The header <c>Prefer</c> (RFC 7240), of which only <c>wait</c> has a meaning here.</summary>
internal static class Preferences
{
    private const string _wait = "wait";

    /// <summary>
    /// The first <c>wait</c>, in ms, of which at most <see cref="Limits.WaitMs"/> are waited; 0 = none. Other
    /// preferences are passed over, as that document demands.
    /// </summary>
    public static long WaitMs(IHeaderDictionary headers)
    {
        foreach (string? line in headers["Prefer"])
        {
            ReadOnlySpan<char> rest = line;
            while (rest.Length > 0)
            {
                ReadOnlySpan<char> preference = Next(ref rest, ',');
                ReadOnlySpan<char> value = Next(ref preference, ';');
                ReadOnlySpan<char> name = Next(ref value, '=').Trim(" \t");
                if (name.Equals(_wait, StringComparison.OrdinalIgnoreCase))
                {
                    return SecondsMs(value.Trim(" \t"));
                }
            }
        }

        return 0;
    }

    private static long SecondsMs(ReadOnlySpan<char> seconds)
    {
        ReadOnlySpan<char> digits = seconds is ['"', .. var quoted, '"'] ? quoted : seconds;
        return WholeNumber.TryParseDigits(digits, out long wished)
            ? Math.Min(wished, Limits.WaitMs / 1_000) * 1_000
            : throw new RequestRefusedException(ProblemCode.BadHeader,
                $"Prefer: wait='{seconds}' is no number of whole seconds; write wait=30.");
    }

    /// <summary>Up to the next separator that stands in no quoted string, which is taken away too.</summary>
    private static ReadOnlySpan<char> Next(ref ReadOnlySpan<char> rest, char separator)
    {
        bool isQuoted = false;
        int at = 0;
        for (; at < rest.Length && (isQuoted || rest[at] != separator); at++)
        {
            isQuoted ^= rest[at] == '"';
            at += isQuoted && rest[at] == '\\' ? 1 : 0;
        }

        at = Math.Min(at, rest.Length);
        ReadOnlySpan<char> first = rest[..at];
        rest = at < rest.Length ? rest[(at + 1)..] : default;
        return first;
    }
}
