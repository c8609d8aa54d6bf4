using Grains.StateMachines.Codecs;
using Grains.StateMachines.Ids;

namespace Grains.StateMachines.Mailboxes;

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

        to.Bool(content.Metadata is not null);
        if (content.Metadata is { } metadata)
        {
            WriteMetadata(to, metadata);
        }

        to.Bytes(content.Body);
    }

    public static MessageContent Read(ref RecordReader from)
    {
        string? type = from.OptionalText();
        string? contentType = from.OptionalText();
        string? sender = from.OptionalText();
        int count = from.Int();
        var headers = new List<MessageHeader>(count);
        for (int i = 0; i < count; i++)
        {
            headers.Add(new MessageHeader(from.OptionalText() ?? "", from.OptionalText() ?? ""));
        }

        return new MessageContent
        {
            Type = type,
            ContentType = contentType,
            Sender = sender,
            Headers = [.. headers],
            Metadata = from.Bool() ? ReadMetadata(ref from) : null,
            Body = from.Bytes(),
        };
    }

    private static void WriteMetadata(RecordWriter to, MessageMetadata metadata)
    {
        to.Varint(metadata.ExpiresAtMs);
        to.Varint(metadata.TtlMs);
        to.Varint(metadata.Hops);
        to.Varint(metadata.HopsMax);
        to.OptionalText(metadata.ReplyTo?.ToString());
    }

    private static MessageMetadata ReadMetadata(ref RecordReader from) => new()
    {
        ExpiresAtMs = from.Varint(),
        TtlMs = from.Varint(),
        Hops = from.Int(),
        HopsMax = from.Int(),
        ReplyTo = from.OptionalText() is not { } text ? null
            : MessageId.TryParse(text, out MessageId id) ? id
            : throw new FormatException($"A message is said to be sent on for '{text}', which is no message id."),
    };
}
