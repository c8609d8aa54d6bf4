using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;

namespace Grains.StateMachines.Tests.Transcripts;

/// <summary>
/// An effect or an answer as a line of a transcript: its name, and what is not as it would be anyway.
/// </summary>
internal sealed class TranscriptWords
{
    /// <summary>What is said of every answer, and would be the same in each.</summary>
    private static readonly HashSet<string> _left =
    [
        nameof(Effect.Kind), nameof(Answer.At), nameof(Answer.Incarnation), nameof(DeliveryGiven.Token),
        nameof(Refused.Detail), nameof(MessageView.AcceptedAtMs), "SizeBytes",
    ];

    /// <summary>Short names of what has long ones.</summary>
    public Dictionary<string, string> Names { get; } = [];

    public static StateChange State(string text) =>
        text == "none" ? new(null, null) : new(Encoding.UTF8.GetBytes(text), null);

    public string Say(object what) => $"{what.GetType().Name}{string.Concat(Parts(what).Select(p => $" {p}"))}";

    private IEnumerable<string> Parts(object of) =>
        from property in of.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance)
        where property.GetIndexParameters().Length == 0 && !_left.Contains(property.Name)
           
        let value = property.GetValue(of)
        where value is not null && !IsDefault(value)
        select $"{char.ToLowerInvariant(property.Name[0])}{property.Name[1..]}={Value(value)}";

    private string Value(object value) => value switch
    {
        string text => text.Contains(' ', StringComparison.Ordinal) ? $"\"{text}\"" : text,
        byte[] bytes => Encoding.UTF8.GetString(bytes),
        bool flag => flag ? "yes" : "no",
        Place place => $"r{place.Revision}.{place.Ordinal}",
        MessageId message => $"r{message.Revision.Value}.{message.Ordinal}@p{message.Partition.Value}",
        CommitKey key => $"e{key.Epoch}.{key.Number}",
        DeliveryId delivery => Names.GetValueOrDefault($"{delivery}", $"e{delivery.Epoch.Value}.{delivery.Number}"),
        Utf8Name or ScopedName or Revision or Epoch or PartitionId or Enum => $"{value}",
        IFormattable number when value is UInt128 || value.GetType().IsPrimitive => number.ToString(null, CultureInfo.InvariantCulture),
        IEnumerable list => $"[{string.Join(", ", list.Cast<object>().Select(Value))}]",
        MessageContent content when Parts(content).Count() <= 1 => Encoding.UTF8.GetString(content.Body),
        _ => $"({string.Join(' ', Parts(value))})",
    };

    private static bool IsDefault(object value) =>
        value is ICollection { Count: 0 }
            || (value.GetType().IsValueType && value.Equals(Activator.CreateInstance(value.GetType())));
}
