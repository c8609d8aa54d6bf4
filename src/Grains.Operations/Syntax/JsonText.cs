using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Grains.Api.Problems;
using Grains.Operations.Errors;

namespace Grains.Operations.Syntax;

/// <summary>Documents in JSON, strictly. An empty text stands for an empty object.</summary>
public static class JsonText
{
    private const int _quotedChars = 100;

    /// <returns>
    /// The document, or <see cref="ProblemCode.BadJson"/> with the member's name and where it stands.
    /// </returns>
    public static Result<T> Parse<T>(byte[] text, JsonTypeInfo<T> type)
        where T : class, new()
    {
        return text.Length == 0 ? new T() : Parse(text, type, line: 0);
    }

    /// <inheritdoc cref="Parse{T}(byte[], JsonTypeInfo{T})"/>
    /// <param name="text">One line of several; not empty.</param>
    /// <param name="type">Of the document.</param>
    /// <param name="line">Which one it is, from 0.</param>
    public static Result<T> Parse<T>(ReadOnlySpan<byte> text, JsonTypeInfo<T> type, int line)
        where T : class, new()
    {
        try
        {
            return JsonSerializer.Deserialize(text, type) is { } document
                ? document
                : new OperationError(ProblemCode.BadJson, "The body must be an object, not null.");
        }
        catch (JsonException e)
        {
            return new OperationError(ProblemCode.BadJson, Explain(e, line));
        }
    }

    /// <summary>The parser's sentence without the names of our types, and where it stood.</summary>
    private static string Explain(JsonException e, int firstLine)
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
            text.Append(" (line ").Append(firstLine + line + 1).Append(", byte ").Append(at + 1).Append(')');
        }

        return text.Append('.').ToString();
    }

    private static string? Quoted(string message)
    {
        int open = message.IndexOf('\'');
        int close = open < 0 ? -1 : message.IndexOf('\'', open + 1);
        return close < 0 ? null : message[(open + 1)..Math.Min(close, open + 1 + _quotedChars)];
    }
}
