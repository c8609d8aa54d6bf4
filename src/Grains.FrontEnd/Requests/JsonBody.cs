using System.Text.Json.Serialization.Metadata;
using Grains.Api;
using Grains.Api.Problems;
using Grains.FrontEnd.Problems;
using Grains.Operations.Syntax;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Grains.FrontEnd.Requests;

/// <summary>JSON bodies, strictly. An empty one stands for an empty object.</summary>
internal static class JsonBody
{
    /// <exception cref="RequestRefusedException">415, 413, or 400 with the member's name.</exception>
    public static async ValueTask<T> ReadAsync<T>(
        HttpContext http, JsonTypeInfo<T> type, int bytesMax = Limits.JsonBytes)
        where T : class, new()
    {
        RequireJson(http);
        return JsonText.Parse(await RequestBody.ReadAsync(http, bytesMax), type).OrRefuse();
    }

    /// <summary>Before the body is read: an absent content type passes, another one than JSON does not.</summary>
    public static void RequireJson(HttpContext http)
    {
        string? contentType = RequestHeaders.ContentType(http);
        if (contentType is not (null or ApiMedia.Json) && !IsJson(contentType))
        {
            throw new RequestRefusedException(ProblemCode.UnsupportedMediaType,
                "The body must be application/json, in UTF-8.");
        }
    }

    private static bool IsJson(string contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out MediaTypeHeaderValue? media)
        && (media.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
            || media.Suffix.Equals("json", StringComparison.OrdinalIgnoreCase))
        && media.Parameters.All(
            p => !p.Name.Equals("charset", StringComparison.OrdinalIgnoreCase) || IsUtf8(p.GetUnescapedValue()));

    /// <summary>
    /// A parameter's value means the same with and without quotes (RFC 9110, 5.6.6); the short name is a habit of many.
    /// </summary>
    private static bool IsUtf8(StringSegment charset) =>
        charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase)
            || charset.Equals("utf8", StringComparison.OrdinalIgnoreCase);
}
