using Grains.StateMachines.Codecs;

namespace Grains.StateMachines.Nodes;

/// <summary>A message's content on disk.</summary>
internal static class MessageCodec
{
    public static void Write(RecordWriter to, MessageContent content)
    {
        to.OptionalText(content.Type);
        to.OptionalText(content.ContentType);
        to.OptionalText(content.Sender);
        to.Varint(content.Headers.Length);
        foreach (MessageHeader header in content.Headers)
        {
            to.OptionalText(header.Name);
            to.OptionalText(header.Value);
        }

        to.Bytes(content.Body);
    }

    public static MessageContent Read(ref RecordReader from)
    {
        string? type = from.OptionalText();
        string? contentType = from.OptionalText();
        string? sender = from.OptionalText();
        int count = from.Int();
        var headers = count == 0 ? [] : new MessageHeader[count];
        for (int i = 0; i < count; i++)
        {
            headers[i] = new MessageHeader(from.OptionalText() ?? "", from.OptionalText() ?? "");
        }

        return new MessageContent
        {
            Type = type,
            ContentType = contentType,
            Sender = sender,
            Headers = headers,
            Body = from.Bytes(),
        };
    }
}
