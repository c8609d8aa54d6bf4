using System.Diagnostics;
using Grains.Operations.Declarations;
using Grains.Silo.Telemetry;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Mailboxes;

namespace Grains.Handlers.Runs;

/// <summary>
/// A delivery's span: it follows from the span that sent its first message, and what its handler sends follows from it.
/// Names and tags are those of OpenTelemetry's conventions for messaging.
/// </summary>
internal static class RunTrace
{
    private static readonly ActivitySource _source = new(GrainsMeter.Name);

    /// <summary>
    /// Null: nobody looks, or the trace is not followed; the messages' own context goes on all the same.
    /// </summary>
    public static Activity? Begin(ServiceSnapshot service, DeliveryGiven given)
    {
        if (!_source.HasListeners())
        {
            return null;
        }

        ContextOf(given.Messages[0], out ActivityContext parent);
        List<ActivityLink>? links = null;
        foreach (MessageView message in given.Messages.AsSpan(1))
        {
            if (ContextOf(message, out ActivityContext other))
            {
                (links ??= []).Add(new ActivityLink(other));
            }
        }

        Activity? activity = _source.StartActivity(
            $"process {service.Name}", ActivityKind.Consumer, parent, tags: null, links);
        if (activity is { IsAllDataRequested: true })
        {
            activity.SetTag("messaging.system", "grains");
            activity.SetTag("messaging.operation.type", "process");
            activity.SetTag("messaging.destination.name", service.Name);
            activity.SetTag("messaging.batch.message_count", given.Messages.Length);
            activity.SetTag("messaging.message.id", given.Messages[0].Id.ToString());
            activity.SetTag("grains.node", given.Messages[0].Node.ToString());
            activity.SetTag("grains.attempt", given.Messages[0].Attempts);
        }

        return activity;
    }

    public static void End(Activity? activity, RunReport report)
    {
        if (activity is null)
        {
            return;
        }

        activity.SetTag("grains.end", report.EndName);
        if (report.End != RunEnd.Committed)
        {
            activity.SetStatus(ActivityStatusCode.Error, report.Reason);
        }
    }

    /// <summary>What the handler sends, in this span where there is one.</summary>
    public static CommitDelivery Continue(CommitDelivery commit, Activity? activity) =>
        activity is not { IdFormat: ActivityIdFormat.W3C, Id: { } span } || commit.Sends.Length == 0
            ? commit
            : commit with
            {
                Sends = [.. commit.Sends.Select(
                    s => s with { Content = TraceContext.Continue(s.Content, span, activity.TraceStateString) })],
            };

    private static bool ContextOf(MessageView message, out ActivityContext context)
    {
        context = default;
        return TraceContext.ParentOf(message.Content) is { } parent
            && ActivityContext.TryParse(parent, TraceContext.StateOf(message.Content), isRemote: true, out context);
    }
}
