using Grains.Api;
using Grains.Api.Services;
using Grains.Operations.Syntax;

namespace Grains.Operations.Declarations;

/// <summary>The member <c>handler</c> of a service's declaration: its ranges, defaults, and the way back.</summary>
public static class HandlerDocuments
{
    private const long _timeoutMsDefault = 30_000;
    private const int _batchDefault = 1;
    private const int _inFlightDefault = 64;

    public static HandlerSnapshot Check(HandlerSettings? settings, Fields fields)
    {
        HandlerKind kind = KindOf(settings?.Kind, fields);
        if (kind != HandlerKind.Push)
        {
            Unless(settings?.Urls is null, "urls", "push", fields);
            Unless(settings?.Mode is null, "mode", "push", fields);
            Unless(settings?.Strict is null, "strict", "push", fields);
        }

        if (kind == HandlerKind.Pull)
        {
            Unless(settings?.Timeout is null, "timeout", "push and hosted", fields);
            Unless(settings?.Batch is null, "batch", "push and hosted", fields);
            Unless(settings?.InFlight is null, "inFlight", "push and hosted", fields);
            return HandlerSnapshot.Pull with { Secret = Secret(settings?.Secret, fields) };
        }

        bool isEnvelope = kind == HandlerKind.Push && IsEnvelope(settings!.Mode, fields);
        int batch = fields.Int(settings!.Batch, "handler.batch", 1, Limits.DeliveryMessages, _batchDefault);
        if (kind == HandlerKind.Push && !isEnvelope && batch > 1)
        {
            fields.Refuse(
                "'handler.batch' over 1 needs 'handler.mode' to be 'envelope': in simple mode the body is one "
                + "message.");
        }

        return new HandlerSnapshot
        {
            Kind = kind,
            Urls = kind == HandlerKind.Push ? Urls(settings.Urls, fields) : [],
            IsEnvelope = isEnvelope,
            IsStrict = settings.Strict ?? false,
            Secret = Secret(settings.Secret, fields),
            TimeoutMs = fields.DurationMs(
                settings.Timeout, "handler.timeout", Limits.HandlerMsMin, Limits.HandlerMsMax, _timeoutMsDefault),
            Batch = batch,
            InFlight = fields.Int(settings.InFlight, "handler.inFlight", 1, Limits.HandlerInFlight, _inFlightDefault),
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

    private static HandlerKind KindOf(string? kind, Fields fields)
    {
        if (kind is not (null or "pull" or "push" or "hosted"))
        {
            fields.Refuse("'handler.kind' must be 'pull', 'push' or 'hosted'.");
        }

        return kind switch
        {
            "push" => HandlerKind.Push,
            "hosted" => HandlerKind.Hosted,
            _ => HandlerKind.Pull,
        };
    }

    private static bool IsEnvelope(string? mode, Fields fields)
    {
        if (mode is not (null or "simple" or "envelope"))
        {
            fields.Refuse("'handler.mode' must be 'simple' or 'envelope'.");
        }

        return mode == "envelope";
    }

    private static Uri[] Urls(string[]? urls, Fields fields)
    {
        if (urls is not { Length: > 0 and <= Limits.HandlerUrls })
        {
            fields.Refuse($"'handler.urls' needs 1 to {Limits.HandlerUrls} URLs where 'handler.kind' is 'push'.");
            return [];
        }

        var good = new List<Uri>(urls.Length);
        for (int i = 0; i < urls.Length; i++)
        {
            string text = urls[i] ?? "";
            if (text.Length <= Limits.HandlerUrlChars && Uri.TryCreate(text, UriKind.Absolute, out Uri? url)
                && url.Scheme is "http" or "https" && url.UserInfo.Length == 0 && url.Fragment.Length == 0
                && url.Host.Length > 0)
            {
                good.Add(url);
            }
            else
            {
                fields.Refuse(
                    $"'handler.urls[{i}]' must be http:// or https://, without user, password or fragment, "
                    + $"of at most {Limits.HandlerUrlChars} characters.");
            }
        }

        return [.. good];
    }

    /// <summary>Of any kind: it is kept for when the service is pushed to.</summary>
    private static WebhookSecret? Secret(string? text, Fields fields)
    {
        if (text is null)
        {
            return null;
        }

        if (!WebhookSecret.TryParse(text, out WebhookSecret? secret))
        {
            fields.Refuse(
                $"'handler.secret' must be whsec_ and base64 of {WebhookSecret.BytesMin} to {WebhookSecret.BytesMax} "
                + "bytes; "
                + "leave it out and one is generated.");
        }

        return secret;
    }

    private static void Unless(bool isAbsent, string member, string kinds, Fields fields)
    {
        if (!isAbsent)
        {
            fields.Refuse($"'handler.{member}' is for 'handler.kind' {kinds} only.");
        }
    }
}
