using System.Text.Json.Serialization;
using Grains.Api.Json;

namespace Grains.Api.Timers;

/// <summary>Body of a timer that is set: one of <see cref="Cron"/>, <see cref="Delay"/> and <see cref="At"/>.</summary>
public class TimerRequest
{
    /// <summary>
    /// Five fields (minute, hour, day of month, month, day of week), six with seconds first, or @hourly and its like.
    /// </summary>
    public string? Cron { get; init; }

    /// <summary>In which <see cref="Cron"/> is read: an IANA name such as Europe/Berlin; UTC where absent.</summary>
    public string? Zone { get; init; }

    /// <summary>Once, so long from now: a duration up to 365 d.</summary>
    public string? Delay { get; init; }

    /// <summary>Once, then: RFC 3339.</summary>
    public string? At { get; init; }

    /// <summary>Of the message that the node is sent.</summary>
    public string? Type { get; init; }

    /// <summary>Of the body; 255 characters at the most.</summary>
    public string? ContentType { get; init; }

    /// <summary>Of the kinds that are kept with a message sent from outside.</summary>
    public Dictionary<string, string>? Headers { get; init; }

    /// <summary>Base64; this or <see cref="Text"/>, 32 KiB at the most.</summary>
    public byte[]? Body { get; init; }

    /// <summary>UTF-8; this or base64.</summary>
    public string? Text { get; init; }
}

/// <summary>A timer of a node.</summary>
public sealed class TimerDocument
{
    /// <summary>As in its path.</summary>
    public required string Name { get; init; }

    /// <summary>Absent = it fires once.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Cron { get; init; }

    /// <summary>Absent = UTC.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Zone { get; init; }

    /// <summary>When it fires next: RFC 3339, UTC.</summary>
    public required string Next { get; init; }

    /// <summary>Its last message, where that is not over: until then it sends no other.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Pending { get; init; }

    /// <summary>Why it does not fire, though its time has come, or would not; absent where it does.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Trouble { get; init; }

    /// <summary>Of what it sends; absent = none was given.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Type { get; init; }

    /// <summary>Of what it sends; absent = none was given.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ContentType { get; init; }

    /// <summary>Bytes of the body of its message.</summary>
    public required int Size { get; init; }

    /// <summary>Base64.</summary>
    [JsonConverter(typeof(Base64Content))]
    public required byte[] Body { get; init; }
}

/// <summary>All timers of a node, by name.</summary>
public sealed class TimerList
{
    /// <summary>All of the node, by name.</summary>
    public required TimerDocument[] Timers { get; init; }
}
