using Grains.Api;
using Grains.Api.Problems;
using Grains.FrontEnd.Problems;

namespace Grains.FrontEnd.Requests;

/// <summary>Members of JSON bodies and their ranges. Refusals are <see cref="ProblemCode.BadField"/> and name the member.</summary>
internal static class Fields
{
    public static int Int(int? value, string member, int min, int max, int absent)
    {
        int present = value ?? absent;
        return present >= min && present <= max ? present : throw Refuse($"'{member}' must be from {min} to {max}.");
    }

    /// <param name="text">Null = <paramref name="absentMs"/>.</param>
    public static long DurationMs(string? text, string member, long minMs, long maxMs, long absentMs)
    {
        if (text is null)
        {
            return absentMs;
        }

        return Durations.TryParse(text, out long ms) && ms >= minMs && ms <= maxMs
            ? ms
            : throw Refuse($"'{member}' must be a duration from {Durations.Write(minMs)} to {Durations.Write(maxMs)}, such as 10s.");
    }

    /// <summary>Printable ASCII of bounded length: what fits a header.</summary>
    public static string? HeaderText(string? text, string member, int maxChars) =>
        string.IsNullOrEmpty(text) ? null
        : text.Length <= maxChars && RequestHeaders.IsPrintable(text) ? text
        : throw Refuse($"'{member}' must be at most {maxChars} characters of visible ASCII and spaces.");

    /// <summary>Content given as base64 or as text; null = neither.</summary>
    public static byte[]? Content(byte[]? body, string? text, string member)
    {
        if (body is not null && text is not null)
        {
            throw Refuse($"'{member}' has both 'body' and 'text'; give one.");
        }

        byte[]? content = body ?? (text is null ? null : System.Text.Encoding.UTF8.GetBytes(text));
        return content is { Length: > Limits.ContentBytes } ? throw TooLarge(member, Limits.ContentBytes) : content;
    }

    public static RequestRefusedException TooLarge(string member, int limit) =>
        new(ProblemCode.TooLarge, $"'{member}' is over {limit} bytes.") { Limit = limit };

    public static RequestRefusedException Refuse(string detail) => new(ProblemCode.BadField, detail);
}
