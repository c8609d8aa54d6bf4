using Grains.Api.Nodes;
using Grains.Operations.Declarations;
using Grains.Operations.Syntax;
using Grains.StateMachines.Explanations;
using Grains.StateMachines.Ids;

namespace Grains.Operations.Explanations;

/// <summary>What is known of a node → a status, and a sentence that says what to do.</summary>
public static class NodeExplanations
{
    public static NodeExplanation Write(NodeFacts facts, NodeExplained node)
    {
        ServiceSnapshot service = facts.Service;
        (string status, string why) = Judge(facts, node);
        return new NodeExplanation
        {
            Service = service.Name,
            Node = node.Node.Node.ToString(),
            Status = status,
            Why = why + Aside(service, node) + Pause(facts),
            Handler = Handler(facts),
            Partition = facts.Partition.Value,
            Owner = facts.Owner,
            Epoch = node.Epoch.Value,
            Waiting = node.Node.Waiting,
            Delivered = node.Node.Delivered,
            Dead = node.Node.Dead,
            Delayed = node.Node.Delayed,
            NextDue = node.NextDueMs == 0 ? null : Rfc3339.Write(node.NextDueMs),
            NextTimer = node.NextTimerMs == 0 ? null : Rfc3339.Write(node.NextTimerMs),
            Next = node.Next is not { } next ? null : new NextMessage
            {
                Id = next.ToString(), Attempts = node.Attempts, AcceptedAt = Rfc3339.Write(node.AcceptedAtMs),
            },
            LeaseEnds = node.LeaseEndsMs == 0 ? null : Rfc3339.Write(node.LeaseEndsMs),
            HeldUntil = node.HeldUntilMs == 0 ? null : Rfc3339.Write(node.HeldUntilMs),
            TimerTrouble = node.TimerTrouble,
            Receivers = new ReceiverCounts { Node = node.WaitingForNode, Service = node.WaitingForAny },
            AttemptsMax = service.Attempts,
            MailboxLimit = service.MailboxLimit,
        };
    }

    private static HandlerHealth? Handler(NodeFacts facts) =>
        facts.Service.Handler.Kind == HandlerKind.Pull ? null : new HandlerHealth
    {
        Kind = facts.Service.Handler.Kind == HandlerKind.Push ? "push" : "hosted",
        InFlight = facts.Health?.InFlight,
        InFlightMax = facts.Service.Handler.InFlight,
        Suspended = facts.Health?.Suspended,
        LastTrouble = facts.Health?.LastTrouble,
    };

    private static (string Status, string Why) Judge(NodeFacts facts, NodeExplained node)
    {
        ServiceSnapshot service = facts.Service;
        bool isPull = service.Handler.Kind == HandlerKind.Pull;
        string attempt = $"attempt {node.Attempts} of {service.Attempts}";
        string messages = Count(node.Node.Waiting, "message");
        if (node.Node.Delivered > 0)
        {
            return ("delivered",
                $"A {(isPull ? "worker" : "handler")} has {Count(node.Node.Delivered, "message")}, {attempt}. Until "
                + $"it commits, rejects, or its lease ends at {Rfc3339.Write(node.LeaseEndsMs)}, nothing else of this "
                + "node goes out.");
        }

        if (node.Node.Waiting == 0)
        {
            return JudgeEmpty(node);
        }

        if (node.Node.Paused || service.Paused)
        {
            string what = node.Node.Paused ? "the node" : "the service";
            return ("paused", $"{messages} waiting; {what} is paused, and nothing of it goes out before somebody "
                + "resumes it: POST …:resume.");
        }

        if (facts.ClusterPause is not null && !isPull)
        {
            return ("paused", $"{messages} waiting; nothing is handed to handlers.");
        }

        if (node.IsStarting)
        {
            return ("starting", $"{messages} waiting; the next attempt is being recorded, and goes out then.");
        }

        if (facts.Health is { Suspended: { } why })
        {
            return ("suspended", $"{messages} waiting, and nothing is handed out. {why}");
        }

        if (node.HeldUntilMs > 0)
        {
            return ("held",
                $"{messages} waiting; the last delivery was rejected ({attempt}), and nothing goes out before "
                + $"{Rfc3339.Write(node.HeldUntilMs)}." + Trouble(facts));
        }

        return JudgeReady(facts, node, messages);
    }

    /// <summary>Nothing waits that could be given out.</summary>
    private static (string Status, string Why) JudgeEmpty(NodeExplained node) => node.Node.Delayed > 0
        ? ("delayed",
            $"{Count(node.Node.Delayed, "message")} whose time has not come; the first one's is "
            + $"{Rfc3339.Write(node.NextDueMs)}.")
        : ("idle",
            "Nothing waits." + NextTimer(node) + (node.Node.Paused ? " The node is paused: POST …:resume." : ""));

    /// <summary>Nothing of the node itself is in the way: who could take it?</summary>
    private static (string Status, string Why) JudgeReady(NodeFacts facts, NodeExplained node, string messages)
    {
        ServiceSnapshot service = facts.Service;
        if (facts.Health is { } health && health.InFlight >= service.Handler.InFlight)
        {
            return ("queued",
                $"{messages} waiting; its server has {health.InFlight} deliveries of this service out, as many as may "
                + "be at once ('handler.inFlight').");
        }

        if (service.Handler.Kind != HandlerKind.Pull && node.WaitingForAny == 0)
        {
            return ("queued",
                $"{messages} waiting; its server is about to hand out the next delivery, or waits for room: "
                + "it bounds what all services have out together.");
        }

        return node.WaitingForNode + node.WaitingForAny == 0
            ? ("no-worker",
                $"{messages} waiting, and no worker receives. Start a worker: POST "
                + $"/v1/services/{service.Name}/receive, with a 'wait', again and again.")
            : ("ready", $"{messages} waiting; whoever receives next gets them.");
    }

    private static string NextTimer(NodeExplained node) =>
        node.NextTimerMs > 0 ? $" Its next timer fires at {Rfc3339.Write(node.NextTimerMs)}." : "";

    private static string Trouble(NodeFacts facts) =>
        facts.Health?.LastTrouble is { } trouble ? $" The last trouble of this service on its server: {trouble}" : "";

    private static string Aside(ServiceSnapshot service, NodeExplained node)
    {
        string full = node.Node.Waiting + node.Node.Delayed >= service.MailboxLimit
            ? $" The mailbox is at its limit of {service.MailboxLimit}: sends from outside are refused with "
                + "mailbox-full."
            : "";
        string dead = node.Node.Dead > 0
            ? $" {Count(node.Node.Dead, "dead letter")} waiting for a person: list them under /dead, then :retry or "
                + ":discard."
            : "";
        string timer = node.TimerTrouble is { } trouble ? $" {trouble}" : "";
        return full + dead + timer;
    }

    private static string Pause(NodeFacts facts) => facts.ClusterPause is { } why
        ? $" Push and timers of the whole cluster are paused: {why}. POST /v1/cluster:resume when the other one is "
            + "gone."
        : "";

    private static string Count(int count, string what) => count == 1 ? $"1 {what}" : $"{count} {what}s";
}

/// <summary>What is known of a node beside what its partition says.</summary>
/// <param name="Service">As declared.</param>
/// <param name="Partition">Where it lives.</param>
/// <param name="Owner">The server that owns that; null = not known here.</param>
/// <param name="Health">What that server says of the service's handlers; null = nothing.</param>
public sealed record NodeFacts(ServiceSnapshot Service, PartitionId Partition, string? Owner, HandlerFacts? Health)
{
    /// <summary>Why the whole cluster pushes nothing and fires no timer; null = it does.</summary>
    public string? ClusterPause { get; init; }
}
