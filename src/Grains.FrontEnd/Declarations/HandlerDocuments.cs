using Grains.Api;
using Grains.Api.Services;
using Grains.FrontEnd.Requests;

namespace Grains.FrontEnd.Declarations;

/// <summary>The member <c>handler</c> of a service's declaration: its ranges, defaults, and the way back.</summary>
internal static class HandlerDocuments
{
    private const long _timeoutMsDefault = 30_000;
    private const int _batchDefault = 1;
    private const int _inFlightDefault = 64;

    public static HandlerSnapshot Check(HandlerSettings? settings)
    {
        HandlerKind kind = settings?.Kind switch
        {
            null or "pull" => HandlerKind.Pull,
            "push" => HandlerKind.Push,
            "hosted" => HandlerKind.Hosted,
            _ => throw Fields.Refuse("'handler.kind' must be 'pull', 'push' or 'hosted'."),
        };
        if (kind != HandlerKind.Push)
        {
            Unless(settings?.Urls is null, "urls", "push");
            Unless(settings?.Mode is null, "mode", "push");
            Unless(settings?.Strict is null, "strict", "push");
        }

        if (kind == HandlerKind.Pull)
        {
            Unless(settings?.Timeout is null, "timeout", "push and hosted");
            Unless(settings?.Batch is null, "batch", "push and hosted");
            Unless(settings?.InFlight is null, "inFlight", "push and hosted");
            return HandlerSnapshot.Pull with { Secret = Secret(settings?.Secret) };
        }

        bool isEnvelope = kind == HandlerKind.Push && IsEnvelope(settings!.Mode);
        int batch = Fields.Int(settings!.Batch, "handler.batch", 1, Limits.DeliveryMessages, _batchDefault);
        if (kind == HandlerKind.Push && !isEnvelope && batch > 1)
        {
            throw Fields.Refuse("'handler.batch' over 1 needs 'handler.mode' to be 'envelope': in simple mode the body is one message.");
        }

        return new HandlerSnapshot
        {
            Kind = kind,
            Urls = kind == HandlerKind.Push ? Urls(settings.Urls) : [],
            IsEnvelope = isEnvelope,
            IsStrict = settings.Strict ?? false,
            Secret = Secret(settings.Secret),
            TimeoutMs = Fields.DurationMs(
                settings.Timeout, "handler.timeout", Limits.HandlerMsMin, Limits.HandlerMsMax, _timeoutMsDefault),
            Batch = batch,
            InFlight = Fields.Int(settings.InFlight, "handler.inFlight", 1, Limits.HandlerInFlight, _inFlightDefault),
        };
    }

    /// <summary>For everybody who may read the declaration: without the secret.</summary>
    public static HandlerSettings Write(HandlerSnapshot handler) => Write(handler, secret: null, handler.IsStrict);

    /// <summary>
    /// For the declaration's own record. A server of an earlier version reads what it knows: the default needs no word.
    /// </summary>
    public static HandlerSettings WriteWhole(HandlerSnapshot handler) =>
        Write(handler, handler.Secret?.Expose(), handler.IsStrict ? true : null);

    private static HandlerSettings Write(HandlerSnapshot handler, string? secret, bool? strict) => handler.Kind switch
    {
        HandlerKind.Pull => new HandlerSettings { Kind = "pull", Secret = secret },
        HandlerKind.Hosted => new HandlerSettings
        {
            Kind = "hosted",
            Secret = secret,
            Timeout = Durations.Write(handler.TimeoutMs),
            Batch = handler.Batch,
            InFlight = handler.InFlight,
        },
        _ => new HandlerSettings
        {
            Kind = "push",
            Urls = [.. handler.Urls.Select(u => u.OriginalString)],
            Mode = handler.IsEnvelope ? "envelope" : "simple",
            Strict = strict,
            Secret = secret,
            Timeout = Durations.Write(handler.TimeoutMs),
            Batch = handler.Batch,
            InFlight = handler.InFlight,
        },
    };

    private static bool IsEnvelope(string? mode) => mode switch
    {
        null or "simple" => false,
        "envelope" => true,
        _ => throw Fields.Refuse("'handler.mode' must be 'simple' or 'envelope'."),
    };

    private static Uri[] Urls(string[]? urls)
    {
        if (urls is not { Length: > 0 and <= Limits.HandlerUrls })
        {
            throw Fields.Refuse($"'handler.urls' needs 1 to {Limits.HandlerUrls} URLs where 'handler.kind' is 'push'.");
        }

        var checkedUrls = new Uri[urls.Length];
        for (int i = 0; i < urls.Length; i++)
        {
            string text = urls[i] ?? "";
            checkedUrls[i] = text.Length <= Limits.HandlerUrlChars && Uri.TryCreate(text, UriKind.Absolute, out Uri? url)
                && url.Scheme is "http" or "https" && url.UserInfo.Length == 0 && url.Fragment.Length == 0 && url.Host.Length > 0
                ? url
                : throw Fields.Refuse(
                    $"'handler.urls[{i}]' must be http:// or https://, without user, password or fragment, "
                    + $"of at most {Limits.HandlerUrlChars} characters.");
        }

        return checkedUrls;
    }

    /// <summary>Of any kind: it is kept for when the service is pushed to.</summary>
    private static WebhookSecret? Secret(string? text) => text is null ? null
        : WebhookSecret.TryParse(text, out WebhookSecret? secret) ? secret
        : throw Fields.Refuse(
            $"'handler.secret' must be whsec_ and base64 of {WebhookSecret.BytesMin} to {WebhookSecret.BytesMax} bytes; "
            + "leave it out and one is drawn.");

    private static void Unless(bool isAbsent, string member, string kinds)
    {
        if (!isAbsent)
        {
            throw Fields.Refuse($"'handler.{member}' is for 'handler.kind' {kinds} only.");
        }
    }
}
