using System.Globalization;
using System.Text.Json;

namespace Grains.Faults.Tests.Workload;

internal enum ReplyKind
{
    /// <summary>The server decided: yes, no, or not found.</summary>
    Decided = 1,

    /// <summary>Certainly nothing happened: it was never sent, or the server says so.</summary>
    NotStarted = 2,

    /// <summary>It may have happened.</summary>
    Unknown = 3,
}

/// <summary>What a call came to.</summary>
internal sealed record Reply(ReplyKind Kind, int Status, string Body)
{
    /// <summary>The version in the ETag, or 0.</summary>
    public long Version { get; init; }

    /// <summary>
    /// Where in the history of its partition the answer belongs, to be given back as it is; or empty.
    /// </summary>
    public string Position { get; init; } = "";

    /// <summary>How fresh the server says the read is; or empty.</summary>
    public string Consistency { get; init; } = "";

    /// <summary>The server says that this is the answer to an earlier request with the same key.</summary>
    public bool Repeated { get; init; }

    /// <summary>In a word or two, why it was not decided; to be counted.</summary>
    public string Failure { get; init; } = "";

    public static Reply Read(HttpResponseMessage answer, string body)
    {
        int status = (int)answer.StatusCode;
        bool isUncertain = status >= 400 && Member(body, "outcome") == "unknown";
        bool decided = !isUncertain && status is ((>= 200 and < 300) or 304 or 404 or 409 or 412 or 422);
        bool nothingHappened = !decided && Member(body, "outcome") == "none";
        return new Reply(
            decided ? ReplyKind.Decided : nothingHappened ? ReplyKind.NotStarted : ReplyKind.Unknown, status, body)
        {
            Version = answer.Headers.ETag is { } tag ? long.Parse(tag.Tag.Trim('"'), CultureInfo.InvariantCulture) : 0,
            Position = Header(answer, "Grains-Position"),
            Consistency = Header(answer, "Grains-Read"),
            Repeated = Header(answer, "Grains-Repeated") == "true",
            Failure = decided ? "" : $"{status} {Member(body, "code")}",
        };
    }

    /// <summary>No answer of a server.</summary>
    public static Reply Without(ReplyKind kind, string failure, Exception why) =>
        new(kind, 0, why.Message) { Failure = failure };

    public bool Is(int status) => Kind == ReplyKind.Decided && Status == status;

    public JsonElement Json()
    {
        using JsonDocument document = JsonDocument.Parse(Body);
        return document.RootElement.Clone();
    }

    /// <summary>The member <c>current</c> of a problem: the version that a condition met, 0 if absent.</summary>
    public long Current() => Json().TryGetProperty("current", out JsonElement current)
        ? current.ValueKind switch
        {
            JsonValueKind.Number => current.GetInt64(),
            JsonValueKind.String => long.Parse(current.GetString()!.Trim('"'), CultureInfo.InvariantCulture),
            _ => 0,
        }
        : 0;

    public override string ToString() => $"{Kind} {Status} {Failure} {(Body.Length > 200 ? Body[..200] : Body)}";

    private static string Header(HttpResponseMessage answer, string name) =>
        answer.Headers.TryGetValues(name, out IEnumerable<string>? values) ? string.Join(',', values) : "";

    /// <summary>A text in a problem document; empty if the body is none.</summary>
    private static string Member(string body, string name)
    {
        try
        {
            using JsonDocument problem = JsonDocument.Parse(body);
            return problem.RootElement.ValueKind == JsonValueKind.Object
                && problem.RootElement.TryGetProperty(name, out JsonElement member)
                ? member.ToString()
                : "";
        }
        catch (JsonException)
        {
            return "";
        }
    }
}
