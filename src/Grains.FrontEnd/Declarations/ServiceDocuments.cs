using Grains.Api;
using Grains.Api.Services;
using Grains.FrontEnd.Requests;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Ids;

namespace Grains.FrontEnd.Declarations;

/// <summary>Declarations of services: their ranges, defaults, and the way back to a document.</summary>
internal static class ServiceDocuments
{
    private const int _attemptsDefault = 5;
    private const long _backoffMsDefault = 1_000;
    private const long _maxBackoffMsDefault = 60_000;
    private const long _leaseMsDefault = 30_000;
    private const int _mailboxDefault = 10_000;

    /// <summary>The declaration with its defaults; without an id.</summary>
    public static ServiceSnapshot Check(string name, ServiceRequest request)
    {
        long backoffMs = Fields.DurationMs(request.Retry?.Backoff, "retry.backoff", 0, Limits.DelayMs, _backoffMsDefault);
        return new ServiceSnapshot
        {
            Name = name,
            Id = default(ServiceId),
            Attempts = Fields.Int(request.Retry?.Attempts, "retry.attempts", 1, Limits.Attempts, _attemptsDefault),
            Handler = HandlerDocuments.Check(request.Handler),
            BackoffMs = backoffMs,
            MaxBackoffMs = Fields.DurationMs(
                request.Retry?.MaxBackoff, "retry.maxBackoff", backoffMs, Limits.DelayMs, Math.Max(backoffMs, _maxBackoffMsDefault)),
            LeaseMs = Fields.DurationMs(request.Lease, "lease", Limits.LeaseMsMin, Limits.LeaseMsMax, _leaseMsDefault),
            MailboxLimit = Fields.Int(request.Mailbox?.Limit, "mailbox.limit", 1, Limits.MailboxMessages, _mailboxDefault),
            MaxHops = Fields.Int(
                request.Mailbox?.MaxHops, "mailbox.maxHops", 1, Limits.MailboxHops, ServiceSnapshot.MaxHopsDefault),
            Paused = request.Paused ?? false,
        };
    }

    public static ServiceDeclaration Write(ServiceSnapshot service) => new()
    {
        Name = service.Name,
        Id = service.Id.Value,
        Handler = HandlerDocuments.Write(service.Handler),
        Retry = Retry(service),
        Lease = Lease(service),
        Mailbox = Mailbox(service),
        Paused = service.Paused,
    };

    /// <summary>What is kept: also what only some may read.</summary>
    public static ServiceRequest WriteWhole(ServiceSnapshot service) => new()
    {
        Handler = HandlerDocuments.WriteWhole(service.Handler),

        // A server of an earlier version reads what it knows: the default needs no word.
        Retry = service.MaxBackoffMs == Math.Max(service.BackoffMs, _maxBackoffMsDefault)
            ? new RetrySettings { Attempts = service.Attempts, Backoff = Durations.Write(service.BackoffMs) }
            : Retry(service),
        Lease = Lease(service),
        Mailbox = service.MaxHops == ServiceSnapshot.MaxHopsDefault
            ? new MailboxSettings { Limit = service.MailboxLimit }
            : Mailbox(service),
        Paused = service.Paused ? true : null,
    };

    public static RetrySettings Retry(ServiceSnapshot service) => new()
    {
        Attempts = service.Attempts,
        Backoff = Durations.Write(service.BackoffMs),
        MaxBackoff = Durations.Write(service.MaxBackoffMs),
    };

    public static string Lease(ServiceSnapshot service) => Durations.Write(service.LeaseMs);

    public static MailboxSettings Mailbox(ServiceSnapshot service) => new()
    {
        Limit = service.MailboxLimit,
        MaxHops = service.MaxHops,
    };
}
