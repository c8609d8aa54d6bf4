using System.Globalization;
using Grains.StateMachines.Codecs;
using Grains.StateMachines.Ids;

namespace Grains.StateMachines.Nodes;

/// <summary>A message's content on disk.</summary>
/// <remarks>
/// Its terms, if it has any, are a first header without a name, which no sender can give: expiry, hops, bound on hops, and
/// the id of the message that a reply is for, with spaces between; then, where it is not 0 (from format level 5 on), the time
/// to live that has not begun. So a message without them has the bytes that it always had.
/// </remarks>
internal static class MessageCodec
{
    public static void Write(RecordWriter to, MessageContent content)
    {
        to.OptionalText(content.Type);
        to.OptionalText(content.ContentType);
        to.OptionalText(content.Sender);
        to.Varint(content.Headers.Length + (content.Terms is null ? 0 : 1));
        if (content.Terms is { } terms)
        {
            to.OptionalText("");
            to.OptionalText(string.Create(
                CultureInfo.InvariantCulture, $"{terms.ExpiresAtMs} {terms.Hops} {terms.HopsMax} {terms.ReplyTo}")
                + (terms.TtlMs == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" {terms.TtlMs}")));
        }

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
        MessageTerms? terms = null;
        var headers = new List<MessageHeader>(count);
        for (int i = 0; i < count; i++)
        {
            var header = new MessageHeader(from.OptionalText() ?? "", from.OptionalText() ?? "");
            if (header.Name.Length == 0)
            {
                terms = Terms(header.Value);
            }
            else
            {
                headers.Add(header);
            }
        }

        return new MessageContent
        {
            Type = type,
            ContentType = contentType,
            Sender = sender,
            Headers = [.. headers],
            Body = from.Bytes(),
            Terms = terms,
        };
    }

    private static MessageTerms Terms(string text)
    {
        string[] parts = text.Split(' ');
        bool has = MessageId.TryParse(parts[Math.Min(3, parts.Length - 1)], out MessageId replyTo);
        return parts.Length is 4 or 5 && (has || parts[3].Length == 0)
            ? new MessageTerms
            {
                ExpiresAtMs = WholeNumber.Parse(parts[0]),
                Hops = (int)WholeNumber.Parse(parts[1], int.MaxValue),
                HopsMax = (int)WholeNumber.Parse(parts[2], int.MaxValue),
                ReplyTo = has ? replyTo : null,
                TtlMs = parts.Length == 5 ? WholeNumber.Parse(parts[4]) : 0,
            }
            : throw new FormatException(
                $"A message's terms read '{text}'; they are three numbers, a message id, and perhaps another number.");
    }
}
