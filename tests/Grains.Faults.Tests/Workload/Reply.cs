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

    /// <summary>The server says that this is the answer to an earlier request with the same key.</summary>
    public bool Repeated { get; init; }

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

    public override string ToString() => $"{Kind} {Status} {(Body.Length > 200 ? Body[..200] : Body)}";
}
