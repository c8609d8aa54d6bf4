using Grains.Api;
using Grains.FrontEnd.Problems;
using Grains.Operations.Syntax;
using Grains.StateMachines.Codecs;
using Microsoft.Extensions.Primitives;

namespace Grains.FrontEnd.Requests;

/// <summary>
/// The list of an <c>If-Match</c> or <c>If-None-Match</c> (RFC 9110, 8.8.3 and 13.1): <c>*</c>, or entity tags, of
/// which some may be versions of ours. Several lines are one list, and its empty elements count for nothing.
/// </summary>
internal static class EntityTags
{
    /// <param name="lines">Of the header; at least one.</param>
    /// <param name="name">Of the header.</param>
    /// <param name="areWeakOnesEqual">Weak comparison: <c>W/"42"</c> is version 42 as well (8.8.3.2).</param>
    /// <param name="refuse">Makes an exception of a sentence.</param>
    public static VersionTags Read(
        StringValues lines, string name, bool areWeakOnesEqual, Func<string, RequestRefusedException> refuse)
    {
        var versions = new List<long>(1);
        int tags = 0;
        bool isAny = false;
        foreach (string? line in lines)
        {
            ReadOnlySpan<char> rest = Blank(line);
            while (rest.Length > 0)
            {
                if (rest[0] == ',')
                {
                    rest = Blank(rest[1..]);
                    continue;
                }

                int length = rest[0] == '*' ? 1 : LengthOfTag(rest);
                ReadOnlySpan<char> tag = rest[..Math.Max(length, 0)];
                rest = Blank(rest[tag.Length..]);
                if (length <= 0 || (rest.Length > 0 && rest[0] != ','))
                {
                    throw refuse(
                        $"{name} must be * or a list of entity tags, each in double quotes, such as \"42\", \"43\".");
                }

                tags++;
                isAny |= tag is "*";
                if (VersionOf(tag, areWeakOnesEqual) is { } version)
                {
                    versions.Add(version);
                }
            }
        }

        return isAny && tags > 1 ? throw refuse($"{name} has * beside other entries; give it alone.")
            : tags > Limits.EntityTags ? throw refuse($"{name} has more than {Limits.EntityTags} entity tags.")
            : new VersionTags(isAny, [.. versions]);
    }

    /// <summary>Null = no version of ours, so equal to none of them.</summary>
    private static long? VersionOf(ReadOnlySpan<char> tag, bool areWeakOnesEqual)
    {
        if (tag.StartsWith("W/"))
        {
            if (!areWeakOnesEqual)
            {
                return null;
            }

            tag = tag[2..];
        }

        return tag.Length > 2 && WholeNumber.TryParse(tag[1..^1], Limits.Version, out long version) && version > 0
            ? version
            : null;
    }

    /// <summary><c>[ "W/" ] DQUOTE *etagc DQUOTE</c>; a comma is one of its characters. 0 = there is none.</summary>
    private static int LengthOfTag(ReadOnlySpan<char> text)
    {
        int open = text.StartsWith("W/") ? 2 : 0;
        if (open >= text.Length || text[open] != '"')
        {
            return 0;
        }

        for (int at = open + 1; at < text.Length; at++)
        {
            if (text[at] == '"')
            {
                return at + 1;
            }

            if (text[at] is <= ' ' or '\x7f')
            {
                return 0;
            }
        }

        return 0;
    }

    private static ReadOnlySpan<char> Blank(ReadOnlySpan<char> text) => text.TrimStart(" \t");
}
