using Grains.Api;
using Grains.Api.Problems;
using Grains.FrontEnd.Problems;
using Grains.Operations.Syntax;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Grains.FrontEnd.Requests;

/// <summary>
/// Headers, strictly: once, short, in visible ASCII. Refusals are <see cref="ProblemCode.BadHeader"/>.
/// </summary>
internal static class RequestHeaders
{
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

        return value.Length <= maxChars && PrintableText.Is(value)
            ? value
            : throw Refuse($"{name} must be at most {maxChars} characters of visible ASCII and spaces.");
    }

    public static string? ContentType(HttpContext http) =>
        Single(http.Request.Headers.ContentType, "Content-Type", Limits.ContentTypeChars);

    private static RequestRefusedException Refuse(string detail) => new(ProblemCode.BadHeader, detail);
}
