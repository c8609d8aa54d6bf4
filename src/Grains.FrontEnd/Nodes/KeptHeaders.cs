using Grains.Api;
using Grains.Api.Problems;
using Grains.FrontEnd.Problems;
using Grains.FrontEnd.Requests;
using Grains.Operations.Messages;
using Grains.StateMachines.Mailboxes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Grains.FrontEnd.Nodes;

/// <summary>The headers of a request that are kept with its message.</summary>
internal static class KeptHeaders
{
    /// <summary>Names in lower case, by name.</summary>
    public static MessageHeader[] Of(IHeaderDictionary headers)
    {
        List<MessageHeader>? kept = null;
        foreach (KeyValuePair<string, StringValues> header in headers)
        {
            if (MessageHeaders.IsKept(header.Key))
            {
                string name = header.Key.ToLowerInvariant();
                if (!MessageHeaders.IsName(name))
                {
                    throw new RequestRefusedException(
                        ProblemCode.BadHeader, $"'{name}' is no name of a header: letters, digits, '-', '_' and '.'.");
                }

                string? value = RequestHeaders.Single(header.Value, name, Limits.MessageHeaderBytes);
                (kept ??= []).Add(new MessageHeader(name, value ?? ""));
            }
        }

        return kept is null ? [] : MessageHeaders.Ordered(kept, ProblemCode.BadHeader).OrRefuse();
    }
}
