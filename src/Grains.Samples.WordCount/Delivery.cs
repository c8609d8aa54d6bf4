using System.Text.Json;

namespace Grains.Samples.WordCount;

/// <summary>A node's next messages and its state, under a lease. Null where the node has no state.</summary>
internal sealed record Delivery(string Id, string? State, IReadOnlyList<string> Texts)
{
    public static Delivery Parse(string body)
    {
        using JsonDocument document = JsonDocument.Parse(body);
        JsonElement json = document.RootElement;
        return new Delivery(
            json.GetProperty("delivery").GetString()!,
            json.GetProperty("state") is { ValueKind: JsonValueKind.Object } state
                ? state.GetProperty("text").GetString()
                : null,
            [.. json.GetProperty("messages").EnumerateArray().Select(m => m.GetProperty("text").GetString()!)]);
    }
}
