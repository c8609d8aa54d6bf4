namespace Grains.StateMachines.Mailboxes;

/// <summary>
/// W3C trace context in a message's headers: what a trace is followed by from sender to handler to the next.
/// </summary>
public static class TraceContext
{
    public const string Parent = "traceparent";
    public const string State = "tracestate";

    /// <summary>Null: the message belongs to no trace.</summary>
    public static string? ParentOf(MessageContent content) => Header(content, Parent);

    public static string? StateOf(MessageContent content) => Header(content, State);

    /// <summary>The content, in this trace; one that is in a trace already stays in that.</summary>
    public static MessageContent Continue(MessageContent content, string? parent, string? state) =>
        parent is null || ParentOf(content) is not null ? content : With(content, parent, state);

    /// <summary>The content, in this trace and no other.</summary>
    public static MessageContent With(MessageContent content, string parent, string? state)
    {
        IEnumerable<MessageHeader> headers = content.Headers
            .Where(h => h.Name is not (Parent or State))
            .Append(new MessageHeader(Parent, parent))
            .Concat(state is null ? [] : [new MessageHeader(State, state)]);
        return content with { Headers = [.. headers.OrderBy(h => h.Name, StringComparer.Ordinal)] };
    }

    private static string? Header(MessageContent content, string name)
    {
        foreach (MessageHeader header in content.Headers)
        {
            if (header.Name == name)
            {
                return header.Value;
            }
        }

        return null;
    }
}
