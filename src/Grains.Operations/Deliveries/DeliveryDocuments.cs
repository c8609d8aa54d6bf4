using System.Text;
using System.Text.Unicode;
using Grains.Api.Deliveries;
using Grains.Operations.Declarations;
using Grains.Operations.Syntax;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Mailboxes;

namespace Grains.Operations.Deliveries;

/// <summary>A delivery as workers read it.</summary>
public static class DeliveryDocuments
{
    public static Delivery Write(ServiceSnapshot service, DeliveryGiven given) => new()
    {
        Id = new DeliveryHandle(given.Delivery, service.Name).ToString(),
        Epoch = given.Delivery.Epoch.Value,
        Token = given.Token.Value,
        Service = service.Name,
        Node = given.Messages[0].Node.ToString(),
        Lease = Durations.Write(given.LeaseMs),
        State = given.State is null ? null : new DeliveredState
        {
            Version = given.StateVersion.Value,
            ContentType = given.StateContentType,
            Body = given.State,
            Text = Text(given.State, given.StateContentType),
        },
        Messages = [.. given.Messages.Select(Message)],
    };

    private static DeliveredMessage Message(MessageView message) => new()
    {
        Id = message.Id.ToString(),
        Sender = message.Content.Sender,
        Type = message.Content.Type,
        ContentType = message.Content.ContentType,
        Headers = message.Content.Headers.ToDictionary(h => h.Name, h => h.Value),
        Attempt = message.Attempts,
        AcceptedAt = Rfc3339.Write(message.AcceptedAtMs),
        ReplyTo = message.Content.Metadata?.ReplyTo?.ToString(),
        Body = message.Content.Body,
        Text = Text(message.Content.Body, message.Content.ContentType),
    };

    private static string? Text(byte[] body, string? contentType) =>
        contentType is not null && IsText(contentType) && Utf8.IsValid(body) ? Encoding.UTF8.GetString(body) : null;

    private static bool IsText(string contentType)
    {
        ReadOnlySpan<char> media = contentType.AsSpan();
        int end = media.IndexOf(';');
        media = (end < 0 ? media : media[..end]).Trim();
        return media.StartsWith("text/", StringComparison.OrdinalIgnoreCase)
            || media.Equals("application/json", StringComparison.OrdinalIgnoreCase)
            || media.EndsWith("+json", StringComparison.OrdinalIgnoreCase);
    }
}
