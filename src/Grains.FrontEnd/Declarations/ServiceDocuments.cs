using Grains.Api;
using Grains.Api.Services;
using Grains.FrontEnd.Requests;
using Grains.StateMachines.Ids;

namespace Grains.FrontEnd.Declarations;

/// <summary>Declarations of services: their ranges, defaults, and the way back to a document.</summary>
internal static class ServiceDocuments
{
    private const int _attemptsDefault = 5;
    private const long _backoffMsDefault = 1_000;
    private const long _leaseMsDefault = 30_000;
    private const int _mailboxDefault = 10_000;

    public static readonly HandlerSettings Pull = new() { Kind = "pull" };

    /// <summary>The declaration with its defaults; without an id.</summary>
    public static ServiceSnapshot Check(string name, ServiceRequest request)
    {
        if (request.Handler?.Kind is not (null or "pull"))
        {
            throw Fields.Refuse("'handler.kind' must be 'pull'.");
        }

        return new ServiceSnapshot
        {
            Name = name,
            Id = default(ServiceId),
            Attempts = Fields.Int(request.Retry?.Attempts, "retry.attempts", 1, Limits.Attempts, _attemptsDefault),
            BackoffMs = Fields.DurationMs(request.Retry?.Backoff, "retry.backoff", 0, Limits.DelayMs, _backoffMsDefault),
            LeaseMs = Fields.DurationMs(request.Lease, "lease", Limits.LeaseMsMin, Limits.LeaseMsMax, _leaseMsDefault),
            MailboxLimit = Fields.Int(request.Mailbox?.Limit, "mailbox.limit", 1, Limits.MailboxMessages, _mailboxDefault),
        };
    }

    public static ServiceDeclaration Write(ServiceSnapshot service) => new()
    {
        Name = service.Name,
        Id = service.Id.Value,
        Handler = Pull,
        Retry = Retry(service),
        Lease = Lease(service),
        Mailbox = Mailbox(service),
    };

    public static RetrySettings Retry(ServiceSnapshot service) =>
        new() { Attempts = service.Attempts, Backoff = Durations.Write(service.BackoffMs) };

    public static string Lease(ServiceSnapshot service) => Durations.Write(service.LeaseMs);

    public static MailboxSettings Mailbox(ServiceSnapshot service) => new() { Limit = service.MailboxLimit };
}
