using Grains.Api;
using Grains.Api.Problems;
using Grains.FrontEnd.Problems;
using Grains.FrontEnd.Requests;
using Grains.StateMachines.Mailboxes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Grains.FrontEnd.Nodes;

/// <summary>Which headers are kept with a message: an allow-list, so that credentials and cookies never are.</summary>
internal static class MessageHeaders
{
    /// <summary>The kept headers of a request, names in lower case, by name.</summary>
    public static MessageHeader[] Of(IHeaderDictionary headers)
    {
        List<MessageHeader>? kept = null;
        foreach (KeyValuePair<string, StringValues> header in headers)
        {
            if (IsKept(header.Key))
            {
                string name = header.Key.ToLowerInvariant();
                if (!IsToken(name))
                {
                    throw new RequestRefusedException(ProblemCode.BadHeader, $"'{name}' is no name of a header: letters, digits, '-', '_' and '.'.");
                }

                string? value = RequestHeaders.Single(header.Value, name, Limits.MessageHeaderBytes);
                (kept ??= []).Add(new MessageHeader(name, value ?? ""));
            }
        }

        return kept is null ? [] : Check(kept, ProblemCode.BadHeader);
    }

    /// <summary>The headers of a send in a commit.</summary>
    public static MessageHeader[] Of(Dictionary<string, string>? headers, string member)
    {
        if (headers is null || headers.Count == 0)
        {
            return [];
        }

        var kept = new List<MessageHeader>(headers.Count);
        foreach ((string name, string? value) in headers)
        {
            if (!IsKept(name) || !IsToken(name))
            {
                throw Fields.Refuse($"'{member}' may hold traceparent, tracestate, ce-* and grains-header-* only.");
            }

            if (value is null || !RequestHeaders.IsPrintable(value))
            {
                throw Fields.Refuse($"'{member}' has a value that is not visible ASCII and spaces.");
            }

            kept.Add(new MessageHeader(name.ToLowerInvariant(), value));
        }

        return Check(kept, ProblemCode.BadField);
    }

    /// <summary>True for what every retry of a traced request may change.</summary>
    public static bool IsTrace(string name) => name is "traceparent" or "tracestate";

    private static MessageHeader[] Check(List<MessageHeader> kept, ProblemCode code)
    {
        int bytes = 0;
        foreach (MessageHeader header in kept)
        {
            bytes += header.Name.Length + header.Value.Length;
        }

        if (kept.Count > Limits.MessageHeaders || bytes > Limits.MessageHeaderBytes)
        {
            throw new RequestRefusedException(code,
                $"A message keeps at most {Limits.MessageHeaders} headers of {Limits.MessageHeaderBytes} bytes together.");
        }

        kept.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
        for (int i = 1; i < kept.Count; i++)
        {
            if (kept[i].Name == kept[i - 1].Name)
            {
                throw new RequestRefusedException(code, "A header is given twice in different case.");
            }
        }

        return [.. kept];
    }

    private static bool IsKept(string name) =>
        name.StartsWith("grains-header-", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("ce-", StringComparison.OrdinalIgnoreCase)
        || name.Equals("traceparent", StringComparison.OrdinalIgnoreCase)
        || name.Equals("tracestate", StringComparison.OrdinalIgnoreCase);

    private static bool IsToken(string name) => name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');
}
