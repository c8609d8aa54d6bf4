using Grains.Api;
using Grains.Api.Problems;
using Grains.Operations.Errors;
using Grains.Operations.Syntax;
using Grains.StateMachines.Mailboxes;

namespace Grains.Operations.Messages;

/// <summary>Which headers are kept with a message: an allow-list, so that credentials and cookies never are.</summary>
public static class MessageHeaders
{
    /// <summary>The headers of a message in a document.</summary>
    public static MessageHeader[] Of(Dictionary<string, string>? headers, string member, Fields fields)
    {
        if (headers is null || headers.Count == 0)
        {
            return [];
        }

        var kept = new List<MessageHeader>(headers.Count);
        foreach ((string name, string? value) in headers)
        {
            if (!IsKept(name) || !IsName(name))
            {
                fields.Refuse($"'{member}' may hold traceparent, tracestate, ce-* and grains-header-* only.");
            }
            else if (value is null || !PrintableText.Is(value))
            {
                fields.Refuse($"'{member}' has a value that is not visible ASCII and spaces.");
            }
            else
            {
                kept.Add(new MessageHeader(name.ToLowerInvariant(), value));
            }
        }

        return fields.Of(Ordered(kept, ProblemCode.BadField)) ?? [];
    }

    /// <summary>By name, once they are found to be few, short, and each there once.</summary>
    /// <param name="kept">Names in lower case.</param>
    /// <param name="code">Of a refusal.</param>
    public static Result<MessageHeader[]> Ordered(List<MessageHeader> kept, ProblemCode code)
    {
        int bytes = 0;
        foreach (MessageHeader header in kept)
        {
            bytes += header.Name.Length + header.Value.Length;
        }

        if (kept.Count > Limits.MessageHeaders || bytes > Limits.MessageHeaderBytes)
        {
            return new OperationError(
                code,
                $"A message keeps at most {Limits.MessageHeaders} headers of {Limits.MessageHeaderBytes} bytes "
                + "together.");
        }

        kept.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
        for (int i = 1; i < kept.Count; i++)
        {
            if (kept[i].Name == kept[i - 1].Name)
            {
                return new OperationError(code, "A header is given twice in different case.");
            }
        }

        return kept.ToArray();
    }

    /// <summary>True for what every retry of a traced request may change.</summary>
    public static bool IsTrace(string name) => name is "traceparent" or "tracestate";

    public static bool IsKept(string name) =>
        name.StartsWith("grains-header-", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("ce-", StringComparison.OrdinalIgnoreCase)
        || name.Equals("traceparent", StringComparison.OrdinalIgnoreCase)
        || name.Equals("tracestate", StringComparison.OrdinalIgnoreCase);

    public static bool IsName(string name) => name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');
}
