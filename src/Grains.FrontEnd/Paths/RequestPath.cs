using Grains.Api.Problems;
using Grains.FrontEnd.Problems;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Grains.FrontEnd.Paths;

/// <summary>
/// The path of a request as it was sent, escapes kept. Names are taken from here and never from the decoded and
/// normalised path, in which <c>%2f</c>, <c>..</c> and invalid UTF-8 have become something else.
/// </summary>
internal readonly ref struct RequestPath
{
    private readonly ReadOnlySpan<char> _raw;

    private RequestPath(ReadOnlySpan<char> raw) => _raw = raw;

    /// <summary>The path of a request that has passed <see cref="IsSafe"/>.</summary>
    public static RequestPath Of(HttpContext http) => new(PathOf(RawTarget(http)));

    public static string RawTarget(HttpContext http) =>
        http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;

    /// <summary>
    /// True for a target in origin form without a segment <c>.</c> or <c>..</c>, plain or encoded, and without a
    /// backslash: for these the decoded path has the same segments.
    /// </summary>
    public static bool IsSafe(ReadOnlySpan<char> target)
    {
        if (target.Length == 0 || target[0] != '/')
        {
            return false;
        }

        ReadOnlySpan<char> path = PathOf(target);
        if (path.IndexOfAny('.', '%', '\\') < 0)
        {
            return true;
        }

        foreach (Range range in path.Split('/'))
        {
            if (IsDots(path[range]))
            {
                return false;
            }
        }

        return !path.Contains('\\');
    }

    /// <summary>Segment <paramref name="index"/>, from 0, escapes kept; empty where there is none.</summary>
    public ReadOnlySpan<char> Segment(int index)
    {
        ReadOnlySpan<char> rest = From(index);
        int end = rest.IndexOf('/');
        return end < 0 ? rest : rest[..end];
    }

    /// <summary>Everything from segment <paramref name="index"/> on, slashes and escapes kept.</summary>
    public ReadOnlySpan<char> From(int index)
    {
        ReadOnlySpan<char> rest = _raw[1..];
        for (; index > 0; index--)
        {
            int slash = rest.IndexOf('/');
            if (slash < 0)
            {
                return default;
            }

            rest = rest[(slash + 1)..];
        }

        return rest;
    }

    /// <summary>The segment without its <c>:verb</c>.</summary>
    public ReadOnlySpan<char> SegmentBeforeVerb(int index)
    {
        ReadOnlySpan<char> segment = Segment(index);
        int colon = segment.LastIndexOf(':');
        return colon < 0 ? segment : segment[..colon];
    }

    /// <summary>Everything from segment <paramref name="index"/> on, without the <c>:verb</c> at the end.</summary>
    public ReadOnlySpan<char> FromBeforeVerb(int index)
    {
        ReadOnlySpan<char> rest = From(index);
        int colon = rest.LastIndexOf(':');
        return colon < 0 ? rest : rest[..colon];
    }

    /// <summary>What follows the last colon of the last segment; empty where there is none.</summary>
    public ReadOnlySpan<char> Verb
    {
        get
        {
            ReadOnlySpan<char> last = _raw[(_raw.LastIndexOf('/') + 1)..];
            int colon = last.LastIndexOf(':');
            return colon < 0 ? default : last[(colon + 1)..];
        }
    }

    public bool EndsWithSlash => _raw.Length > 1 && _raw[^1] == '/';

    public static RequestRefusedException Refuse(string detail) => new(ProblemCode.BadPath, detail);

    private static ReadOnlySpan<char> PathOf(ReadOnlySpan<char> target)
    {
        int query = target.IndexOf('?');
        return query < 0 ? target : target[..query];
    }

    private static bool IsDots(ReadOnlySpan<char> segment)
    {
        if (segment.Length is 0 or > 6)
        {
            return false;
        }

        Span<byte> decoded = stackalloc byte[6];
        return PercentDecoding.TryDecode(segment, decoded, plusIsSpace: false, out int written)
            && (decoded[..written].SequenceEqual("."u8) || decoded[..written].SequenceEqual(".."u8));
    }
}
