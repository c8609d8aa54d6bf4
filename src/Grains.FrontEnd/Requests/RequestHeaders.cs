using System.Buffers;
using System.Globalization;
using Grains.Api;
using Grains.Api.Problems;
using Grains.FrontEnd.Problems;
using Grains.StateMachines.Keyspaces;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Grains.FrontEnd.Requests;

/// <summary>Headers, strictly: once, short, in visible ASCII. Refusals are <see cref="ProblemCode.BadHeader"/>.</summary>
internal static class RequestHeaders
{
    private static readonly SearchValues<char> _printable = SearchValues.Create(
        [.. Enumerable.Range(0x20, 0x7f - 0x20).Select(c => (char)c)]);

    /// <summary>The one value of a header; null where it is absent.</summary>
    public static string? Single(StringValues values, string name, int maxChars)
    {
        if (values.Count == 0)
        {
            return null;
        }

        if (values.Count > 1)
        {
            throw Refuse($"{name} is given {values.Count} times; give it once.");
        }

        string value = values[0] ?? "";
        if (value.Length == 0)
        {
            return null;
        }

        return value.Length <= maxChars && IsPrintable(value)
            ? value
            : throw Refuse($"{name} must be at most {maxChars} characters of visible ASCII and spaces.");
    }

    public static bool IsPrintable(ReadOnlySpan<char> value) => !value.ContainsAnyExcept(_printable);

    public static string? ContentType(HttpContext http) =>
        Single(http.Request.Headers.ContentType, "Content-Type", Limits.ContentTypeChars);

    /// <summary>The condition of a write.</summary>
    public static Condition Condition(HttpContext http)
    {
        StringValues match = http.Request.Headers.IfMatch;
        StringValues noneMatch = http.Request.Headers.IfNoneMatch;
        if (match.Count == 0 && noneMatch.Count == 0)
        {
            return StateMachines.Keyspaces.Condition.None;
        }

        if (match.Count > 0 && noneMatch.Count > 0)
        {
            throw Refuse("If-Match and If-None-Match cannot both be given.");
        }

        if (match.Count > 0)
        {
            return EntityTags(match, "If-Match") is { } versions
                ? new Condition(ConditionKind.VersionIn, versions)
                : StateMachines.Keyspaces.Condition.IfExists;
        }

        return EntityTags(noneMatch, "If-None-Match") is { } others
            ? new Condition(ConditionKind.VersionNotIn, others)
            : StateMachines.Keyspaces.Condition.IfAbsent;
    }

    /// <summary>For a read: true = the caller has this version already.</summary>
    public static bool IsKnown(HttpContext http, long version)
    {
        if (http.Request.Headers.IfMatch.Count > 0)
        {
            throw Refuse("If-Match has no meaning for a read here; use If-None-Match.");
        }

        StringValues noneMatch = http.Request.Headers.IfNoneMatch;
        return noneMatch.Count > 0
            && (EntityTags(noneMatch, "If-None-Match") is not { } versions || versions.Contains(version));
    }

    /// <summary>The versions of a list of strong entity tags; null = <c>*</c>.</summary>
    private static long[]? EntityTags(StringValues values, string name)
    {
        if (values.Count > 1)
        {
            throw Refuse($"{name} is given {values.Count} times; give one list.");
        }

        ReadOnlySpan<char> list = values[0].AsSpan().Trim(' ');
        if (list is "*")
        {
            return null;
        }

        var versions = new List<long>(1);
        foreach (Range range in list.Split(','))
        {
            ReadOnlySpan<char> tag = list[range].Trim(' ');
            if (tag.Length < 3 || tag[0] != '"' || tag[^1] != '"'
                || (tag[1] == '0' && tag.Length > 3)
                || !long.TryParse(tag[1..^1], NumberStyles.None, CultureInfo.InvariantCulture, out long version)
                || version > Limits.Version)
            {
                throw Refuse($"{name} must be * or a list of versions such as \"42\", each strong and below 2^53.");
            }

            versions.Add(version);
        }

        return versions.Count <= Limits.EntityTags
            ? [.. versions]
            : throw Refuse($"{name} has more than {Limits.EntityTags} versions.");
    }

    private static RequestRefusedException Refuse(string detail) => new(ProblemCode.BadHeader, detail);
}
