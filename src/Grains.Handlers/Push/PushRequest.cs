using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using Grains.Api;
using Grains.Operations.Declarations;
using Grains.Operations.Deliveries;
using Grains.Operations.Messages;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;

namespace Grains.Handlers.Push;

/// <summary>
/// A delivery as a request: who and what in headers named <c>Grains-…</c>, the message or the delivery's document as
/// the body, signed as Standard Webhooks says.
/// </summary>
internal static class PushRequest
{
    private static readonly MediaTypeHeaderValue _json = new("application/json");

    public static HttpRequestMessage Write(ServiceSnapshot service, DeliveryGiven given, Uri url, DateTimeOffset now)
    {
        MessageView first = given.Messages[0];
        byte[] body = service.Handler.IsEnvelope
            ? JsonSerializer.SerializeToUtf8Bytes(DeliveryDocuments.Write(service, given), WireJson.Context.Delivery)
            : first.Content.Body;
        var request = new HttpRequestMessage(HttpMethod.Post, url)
        {
            Version = System.Net.HttpVersion.Version11,
            Content = new SentContent(body),
        };
        if (service.Handler.IsEnvelope)
        {
            request.Content.Headers.ContentType = _json;
        }
        else if (first.Content.ContentType is { } contentType)
        {
            request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        }

        // An answer is read as it comes.
        request.Headers.TryAddWithoutValidation("Accept-Encoding", "identity");
        AddDelivery(request.Headers, service, given);
        AddMessage(request.Headers, service.Handler, first);
        Sign(request.Headers, service, given, body, now);
        if (service.Handler.Secret is { } secret)
        {
            RequestSignature.Add(request, secret, body);
        }

        return request;
    }

    private static void AddDelivery(HttpRequestHeaders headers, ServiceSnapshot service, DeliveryGiven given)
    {
        headers.TryAddWithoutValidation("Grains-Service", service.Name);
        headers.TryAddWithoutValidation("Grains-Node", Uri.EscapeDataString(given.Messages[0].Node.ToString()));
        headers.TryAddWithoutValidation("Grains-Delivery", new DeliveryHandle(given.Delivery, service.Name).ToString());
        headers.TryAddWithoutValidation("Grains-Epoch", Text(given.Delivery.Epoch.Value));
        headers.TryAddWithoutValidation("Grains-Token", Text(given.Token.Value));
        headers.TryAddWithoutValidation("Grains-Attempt", Text(given.Messages.Max(m => m.Attempts)));
        headers.TryAddWithoutValidation("Grains-Messages", Text(given.Messages.Length));
        if (HopsSeal.Write(service, given.Messages.Max(m => m.Content.Metadata?.Hops ?? 0)) is { } hops)
        {
            headers.TryAddWithoutValidation(HopsSeal.Header, hops);
        }

        if (given.StateVersion != Revision.None)
        {
            headers.TryAddWithoutValidation("Grains-Version", Text(given.StateVersion.Value));
        }
    }

    /// <summary>
    /// Of an envelope's messages each has its own, inside; the trace of the first is that of the request.
    /// </summary>
    private static void AddMessage(HttpRequestHeaders headers, HandlerSnapshot handler, MessageView message)
    {
        MessageContent content = Activity.Current is { IdFormat: ActivityIdFormat.W3C, Id: { } span } activity
            ? TraceContext.With(message.Content, span, activity.TraceStateString)
            : message.Content;
        foreach (MessageHeader header in content.Headers)
        {
            if (!handler.IsEnvelope || header.Name is TraceContext.Parent or TraceContext.State)
            {
                headers.TryAddWithoutValidation(header.Name, header.Value);
            }
        }

        if (handler.IsEnvelope)
        {
            return;
        }

        headers.TryAddWithoutValidation("Grains-Message", message.Id.ToString());
        AddIfAny("Grains-Type", message.Content.Type);
        AddIfAny("Grains-Reply-To", message.Content.Metadata?.ReplyTo?.ToString());
        AddIfAny("Grains-Sender", message.Content.Sender is { } sender ? Uri.EscapeDataString(sender) : null);

        void AddIfAny(string name, string? value)
        {
            if (value is not null)
            {
                headers.TryAddWithoutValidation(name, value);
            }
        }
    }

    private static void Sign(
        HttpRequestHeaders headers, ServiceSnapshot service, DeliveryGiven given, byte[] body, DateTimeOffset now)
    {
        // The same at every attempt, so that a handler of its own can tell one that it knows.
        string id = service.Handler.IsEnvelope ? given.Delivery.ToString() : given.Messages[0].Id.ToString();
        long seconds = now.ToUnixTimeSeconds();
        headers.TryAddWithoutValidation("webhook-id", id);
        headers.TryAddWithoutValidation("webhook-timestamp", Text(seconds));
        if (service.Handler.Secret is { } secret)
        {
            headers.TryAddWithoutValidation("webhook-signature", secret.Sign(id, seconds, body));
        }
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
