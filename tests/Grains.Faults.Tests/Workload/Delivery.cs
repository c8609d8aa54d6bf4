using System.Text.Json;

namespace Grains.Faults.Tests.Workload;

/// <summary>
/// The parts of a delivery that this load uses. The state is the labels applied so far, one per line.
/// </summary>
/// <param name="Node">With its service.</param>
internal sealed record Delivery(
    string Id, string Node, long Epoch, long Token, string State, IReadOnlyList<string> Labels)
{
    public static Delivery Parse(JsonElement json) => new(
        json.GetProperty("delivery").GetString()!,
        $"{json.GetProperty("service").GetString()}/{json.GetProperty("node").GetString()}",
        json.GetProperty("epoch").GetInt64(),
        json.GetProperty("token").GetInt64(),
        json.GetProperty("state") is { ValueKind: JsonValueKind.Object } state
            ? state.GetProperty("text").GetString()!
            : "",
        [.. json.GetProperty("messages").EnumerateArray().Select(m => m.GetProperty("text").GetString()!)]);

    /// <summary>The labels in a state.</summary>
    public static string[] Read(string state) => state.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The state after this delivery.</summary>
    public string NextState() => string.Join('\n', [.. Read(State), .. Labels]);
}
