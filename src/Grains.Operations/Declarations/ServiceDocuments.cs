using Grains.Api;
using Grains.Api.Services;
using Grains.Operations.Errors;
using Grains.Operations.Syntax;
using Grains.StateMachines.Ids;

namespace Grains.Operations.Declarations;

/// <summary>Declarations of services: their ranges, defaults, and the way back to a document.</summary>
public static class ServiceDocuments
{
    private const int _attemptsDefault = 5;
    private const long _backoffMsDefault = 1_000;
    private const long _maxBackoffMsDefault = 60_000;
    private const long _leaseMsDefault = 30_000;
    private const int _mailboxDefault = 10_000;

    /// <summary>The declaration with its defaults; without an id.</summary>
    public static Result<ServiceSnapshot> Check(string name, ServiceRequest request)
    {
        var fields = new Fields();
        long backoffMs = fields.DurationMs(
            request.Retry?.Backoff, "retry.backoff", 0, Limits.DelayMs, _backoffMsDefault);
        var service = new ServiceSnapshot
        {
            Name = name,
            Id = default(ServiceId),
            Attempts = fields.Int(request.Retry?.Attempts, "retry.attempts", 1, Limits.Attempts, _attemptsDefault),
            Handler = HandlerDocuments.Check(request.Handler, fields),
            BackoffMs = backoffMs,
            MaxBackoffMs = fields.DurationMs(
                request.Retry?.MaxBackoff, "retry.maxBackoff", backoffMs, Limits.DelayMs,
                Math.Max(backoffMs, _maxBackoffMsDefault)),
            LeaseMs = fields.DurationMs(request.Lease, "lease", Limits.LeaseMsMin, Limits.LeaseMsMax, _leaseMsDefault),
            MailboxLimit = fields.Int(
                request.Mailbox?.Limit, "mailbox.limit", 1, Limits.MailboxMessages, _mailboxDefault),
            MaxHops = fields.Int(
                request.Mailbox?.MaxHops, "mailbox.maxHops", 1, Limits.MailboxHops, ServiceSnapshot.MaxHopsDefault),
            Paused = request.Paused ?? false,
        };
        return fields.Error is { } refused ? refused : service;
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
