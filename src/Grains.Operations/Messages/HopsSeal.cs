using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Grains.Api;
using Grains.Operations.Declarations;
using Grains.Operations.Services;
using Grains.Operations.Syntax;
using Grains.StateMachines.Codecs;
using Grains.StateMachines.Mailboxes;

namespace Grains.Operations.Messages;

/// <summary>
/// <c>Grains-Hops</c>: how many messages a pushed one follows from, sealed with the secret of its service. A handler
/// that sends it on with what it sends, or that is this API itself, carries the count on, so that a loop ends. What
/// nobody here has sealed says nothing, and harms nobody: the message begins a chain, as without it.
/// </summary>
public static class HopsSeal
{
    /// <summary>The header that carries it.</summary>
    public const string Header = "Grains-Hops";

    /// <summary>Hops, service, seal: ten digits, a name, and the base64 of a hash, with dots between.</summary>
    private const int _charsMax = 10 + 1 + Limits.NameChars + 1 + 43;

    /// <summary>Null: the service has no secret to seal it with.</summary>
    public static string? Write(ServiceSnapshot service, int hops) => service.Handler.Secret is not { } secret ? null
        : Write(secret, service.Name, Math.Min(hops, Limits.MailboxHops));

    /// <summary>Of what is sent to the service; null: it begins a chain.</summary>
    public static async ValueTask<MessageMetadata?> ReadAsync(string? text, ServiceSnapshot to, ServiceCalls calls)
    {
        if (text is not { Length: <= _charsMax })
        {
            return null;
        }

        string[] parts = text.Split('.');
        if (parts.Length != 3 || !Names.IsDeclared(parts[1])
            || !WholeNumber.TryParse(parts[0], Limits.MailboxHops, out int hops)
            || !(await calls.FindAsync(parts[1])).TryGet(out ServiceSnapshot? from, out _)
            || from.Handler.Secret is not { } secret
            || !CryptographicOperations.FixedTimeEquals(
                Encoding.ASCII.GetBytes(parts[2]), Encoding.ASCII.GetBytes(Seal(secret, parts[1], hops))))
        {
            return null;
        }

        return new MessageMetadata { Hops = hops + 1, HopsMax = to.MaxHops };
    }

    private static string Write(WebhookSecret secret, string service, int hops) =>
        string.Create(CultureInfo.InvariantCulture, $"{hops}.{service}.{Seal(secret, service, hops)}");

    private static string Seal(WebhookSecret secret, string service, int hops) => Base64Url.EncodeToString(
        secret.Authenticate(
            Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"grains-hops\n{service}\n{hops}"))));
}
