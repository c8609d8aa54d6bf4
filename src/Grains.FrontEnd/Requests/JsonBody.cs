using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Grains.Api;
using Grains.Api.Problems;
using Grains.FrontEnd.Problems;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Grains.FrontEnd.Requests;

/// <summary>JSON bodies, strictly. An empty one stands for an empty object.</summary>
internal static class JsonBody
{
    private const int _quotedChars = 100;

    /// <exception cref="RequestRefusedException">415, 413, or 400 with the member's name.</exception>
    public static async ValueTask<T> ReadAsync<T>(HttpContext http, JsonTypeInfo<T> type, int bytesMax = Limits.JsonBytes)
        where T : class, new()
    {
        RequireJson(http);
        return Parse(await RequestBody.ReadAsync(http, bytesMax), type);
    }

    /// <summary>Before the body is read: an absent content type passes, another one than JSON does not.</summary>
    public static void RequireJson(HttpContext http)
    {
        string? contentType = RequestHeaders.ContentType(http);
        if (contentType is not null && !IsJson(contentType))
        {
            throw new RequestRefusedException(ProblemCode.UnsupportedMediaType,
                "The body must be application/json, in UTF-8.");
        }
    }

    public static T Parse<T>(byte[] body, JsonTypeInfo<T> type)
        where T : class, new()
    {
        if (body.Length == 0)
        {
            return new T();
        }

        try
        {
            return JsonSerializer.Deserialize(body, type)
                ?? throw new RequestRefusedException(ProblemCode.BadJson, "The body must be an object, not null.");
        }
        catch (JsonException e)
        {
            throw new RequestRefusedException(ProblemCode.BadJson, Explain(e));
        }
    }

    /// <summary>The parser's sentence without the names of our types, and where it stood.</summary>
    private static string Explain(JsonException e)
    {
        string where = e.Path is { Length: > 2 } path ? $"'{path[2..]}'" : "the body";
        string message = e.InnerException is null or JsonException || e.Path is null ? e.Message : "";
        string what = message switch
        {
            _ when Quoted(message) is { } name && message.Contains("could not be mapped", StringComparison.Ordinal) =>
                $"Unknown member '{name}'",
            _ when Quoted(message) is { } name && message.StartsWith("Duplicate", StringComparison.Ordinal) =>
                $"Duplicate member '{name}'",
            _ when message.Contains("maximum configured depth", StringComparison.Ordinal) =>
                "More than 16 levels",
            _ when message.Contains("could not be converted", StringComparison.Ordinal) =>
                "A value of another type or range is expected",
            _ => "Not the JSON that is expected (strict: no trailing commas, no comments, valid base64)",
        };
        var text = new StringBuilder(what).Append(" at ").Append(where);
        if (e.LineNumber is { } line && e.BytePositionInLine is { } at)
        {
            text.Append(" (line ").Append(line + 1).Append(", byte ").Append(at + 1).Append(')');
        }

        return text.Append('.').ToString();
    }

    private static string? Quoted(string message)
    {
        int open = message.IndexOf('\'');
        int close = open < 0 ? -1 : message.IndexOf('\'', open + 1);
        return close < 0 ? null : message[(open + 1)..Math.Min(close, open + 1 + _quotedChars)];
    }

    private static bool IsJson(string contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out MediaTypeHeaderValue? media)
        && (media.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
            || media.Suffix.Equals("json", StringComparison.OrdinalIgnoreCase))
        && media.Parameters.All(p => !p.Name.Equals("charset", StringComparison.OrdinalIgnoreCase) || IsUtf8(p.GetUnescapedValue()));

    /// <summary>A parameter's value means the same with and without quotes (RFC 9110, 5.6.6); the short name is a habit of many.</summary>
    private static bool IsUtf8(StringSegment charset) =>
        charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase) || charset.Equals("utf8", StringComparison.OrdinalIgnoreCase);
}
