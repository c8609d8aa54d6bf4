using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Grains.Api;

namespace Grains.Handlers.Push;

/// <summary>
/// Whether what came with a 2xx was meant as a commit. Frameworks write something on their own (<c>OK</c>, <c>null</c>,
/// <c>{"success": true}</c>), and what a handler did must not be done again for that.
/// </summary>
internal static class AnswerContent
{
    private const int _memberBytesMax = 256;

    private static readonly string[] _members =
        [.. WireJson.Context.CommitRequest.Properties.Select((JsonPropertyInfo p) => p.Name)];

    /// <summary>Why the body is none by its headers; null = it may be one.</summary>
    public static string? NoCommitByType(HttpResponseMessage response)
    {
        string type = response.Content.Headers.NonValidated.TryGetValues("Content-Type", out var values)
            ? string.Join(", ", values) : "";
        string[] parts = type.Split(';');
        string media = parts[0].Trim();
        if (!(media.Equals("application/json", StringComparison.OrdinalIgnoreCase)
            || media.Equals("text/json", StringComparison.OrdinalIgnoreCase)
            || (media.Contains('/') && media.EndsWith("+json", StringComparison.OrdinalIgnoreCase))))
        {
            return $"its content type is '{(media.Length == 0 ? "none" : media)}', and a commit's is application/json";
        }

        foreach (string parameter in parts.AsSpan(1))
        {
            string[] named = parameter.Split('=', 2);
            if (named.Length == 2 && named[0].Trim().Equals("charset", StringComparison.OrdinalIgnoreCase)
                && !IsUtf8(named[1].Trim().Trim('"')))
            {
                return $"its charset is '{named[1].Trim()}', and a commit's is utf-8";
            }
        }

        return null;
    }

    /// <summary>
    /// It is an object that names a member of a commit, in whatever case, also where it breaks off or is wrong after
    /// that; or the empty object.
    /// </summary>
    /// <param name="body">The text, or its beginning.</param>
    /// <param name="isWhole">There is no more of it.</param>
    public static bool IsMeantAsCommit(ReadOnlySpan<byte> body, bool isWhole)
    {
        var reader = new Utf8JsonReader(body, isWhole, new JsonReaderState(new JsonReaderOptions { MaxDepth = 1_000 }));
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject || !reader.Read())
            {
                return false;
            }

            if (reader.TokenType == JsonTokenType.EndObject)
            {
                return isWhole && !reader.Read();
            }

            do
            {
                if (IsMember(ref reader))
                {
                    return true;
                }
            }
            while (reader.TrySkip() && reader.Read() && reader.TokenType == JsonTokenType.PropertyName);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Not JSON from there on, and no member before it.
        }

        return false;
    }

    private static bool IsMember(ref Utf8JsonReader reader) => reader.ValueSpan.Length <= _memberBytesMax
        && reader.GetString() is { } name
        && Array.Exists(_members, m => m.Equals(name, StringComparison.OrdinalIgnoreCase));

    private static bool IsUtf8(string charset) =>
        charset.ToLowerInvariant() is "utf-8" or "utf8" or "us-ascii" or "ascii";
}
