using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;
using Grains.StateMachines.Memory;

namespace Grains.StateMachines.Deliveries;

/// <summary>
/// The leases of a partition's nodes and the receives that wait for one. Lives in the owner's memory: a crash ends
/// every lease, and the new owner's first hand-out of an older message is recorded before it goes out, because the old
/// owner may have handed it out already. An owner that gives the partition up in good order records what is leased.
/// </summary>
internal sealed class Leases : ILeases
{
    private readonly PartitionId _partition;
    private readonly DeliveryTables _tables;
    private readonly MailboxTables _mail;
    private readonly HashSet<ScopedName> _overdue = [];
    private readonly Moments _moments = new();
    private readonly ReceiveWaiters _waiters;
    private readonly Dictionary<ScopedName, NodeActivity> _nodes = [];
    private readonly Dictionary<CommitKey, OpenDelivery> _open = [];
    private readonly Dictionary<long, ServiceActivity> _services = [];
    private readonly HashSet<ServiceActivity> _asked = [];
    private readonly HashSet<NodeActivity> _touched = [];
    private readonly List<OpenDelivery> _ending = [];
    private readonly List<ScopedName> _lookedAt = [];
    private long _epochRevision;
    private long _lastNumber;

    public Leases(PartitionId partition, DeliveryTables tables, MailboxTables mail)
    {
        (_partition, _tables, _mail) = (partition, tables, mail);
        _waiters = new ReceiveWaiters(mail.State.Limits, _moments);
        Starts = new AttemptStarts(mail);
        Work = new WorkFinder(mail);
    }

    /// <summary>Some attempt must be made durable before it can go out, or nodes are still to be looked at.</summary>
    public bool HasWork => Starts.HasPending || _asked.Count > 0 || _overdue.Count > 0 || Work.HasWork;

    public IReadOnlyCollection<ScopedName> Overdue => _overdue;

    /// <summary>Attempts that begin, and whether that is on record.</summary>
    public AttemptStarts Starts { get; }

    /// <summary>What is there for the servers that run services.</summary>
    public WorkFinder Work { get; }

    private PartitionState State => _mail.State;

    public long? WakeAtMs =>
        Math.Min(_moments.FirstMs ?? long.MaxValue, Work.WakeAtMs ?? long.MaxValue) is var first and < long.MaxValue
        ? first : null;

    public int OpenCount => _open.Count;

    public int WaitingCount => _waiters.Count;

    /// <summary>
    /// The last record is the own epoch record: older messages may have been handed out before. From now on the handed
    /// over leases have what was left of them.
    /// </summary>
    public void Begin()
    {
        long nowMs = State.DurableTotals.UptimeMs;
        _epochRevision = State.DurableTotals.Revision;
        if (_tables.HandedOver is not { } from || from.Revision + 1 != _epochRevision)
        {
            return;
        }

        foreach (LeaseHandedOver lease in from.Leases)
        {
            Adopt(lease, nowMs);
        }

        foreach (HoldHandedOver hold in from.Holds)
        {
            Hold(_nodes.GetValueOrDefault(hold.Node) ?? new NodeActivity(hold.Node), nowMs + hold.LeftMs);
        }
    }

    /// <summary>
    /// Everything that is leased, as far as a record takes it; what finds no room ends as in a crash.
    /// </summary>
    public void StageHandOver(Draft draft)
    {
        Starts.StageFirst(draft);
        draft.Open();
        LeaseHandOver.Emit(_open.Values, _nodes.Values, draft);
        draft.Close();
    }

    /// <summary>Something would be lost with this memory that a hand-over keeps.</summary>
    public bool HasHandOver(long nowMs) => _open.Count > 0 || _nodes.Values.Any(n => n.HoldUntilMs > nowMs);

    // Questions.

    /// <summary>Null: nobody works on it, or waits for it.</summary>
    public NodeActivity? ActivityOf(in ScopedName node) => _nodes.GetValueOrDefault(node);

    /// <summary>Receives that wait for any node of the service.</summary>
    public int WaitingForAny(long service) =>
        _services.TryGetValue(service, out ServiceActivity? activity)
            ? activity.Waiters.Count + activity.Peekers.Count
            : 0;

    public bool Holds(Message message) =>
        _nodes.TryGetValue(message.Owner, out NodeActivity? node) && node.Open is { } open && open.Holds(message.Id);

    /// <summary>It is leased, or about to go out.</summary>
    public bool Wants(Message message) => Holds(message)
        || (_nodes.TryGetValue(message.Owner, out NodeActivity? node) && node.Start is { } start
            && Array.Exists(start.Messages, m => m.Id == message.Id));

    public int HeldBy(in ScopedName node) =>
        _nodes.TryGetValue(node, out NodeActivity? activity) && activity.Open is { } open ? open.Messages.Length : 0;

    public int UnrecordedStarts(Message message) =>
        _nodes.TryGetValue(message.Owner, out NodeActivity? node) && node.Open is { StartRecorded: false } open
            && open.Holds(message.Id)
            ? 1
            : 0;

    /// <summary>
    /// The delivery, if it is leased, under this epoch or handed over to it, and not ended by this batch.
    /// </summary>
    public OpenDelivery? Find(DeliveryId id) =>
        id.Partition == _partition && _open.TryGetValue(LeaseHandOver.KeyOf(id), out OpenDelivery? open) && !open.Ending
            ? open
            : null;

    // While deciding: staged, undone by Drop.

    /// <summary>What is overdue there goes with this batch.</summary>
    public void LookedAt(in ScopedName overdue) => _lookedAt.Add(overdue);

    /// <summary>The batch ends this delivery; what it held goes back unless the batch removes it.</summary>
    public void End(OpenDelivery delivery)
    {
        delivery.Ending = true;
        _ending.Add(delivery);
    }

    /// <summary>The node is emptied: its delivery is lost.</summary>
    public void Lose(in ScopedName node)
    {
        if (_nodes.TryGetValue(node, out NodeActivity? activity) && activity.Open is { Ending: false } open)
        {
            End(open);
        }
    }

    /// <summary>Something came for the node: look again whether it can be handed out.</summary>
    public void Touch(in ScopedName node)
    {
        if (_nodes.TryGetValue(node, out NodeActivity? activity))
        {
            _touched.Add(activity);
        }
        else if (_services.ContainsKey(node.Scope) || Work.IsRun(node.Scope))
        {
            _touched.Add(_nodes[node] = new NodeActivity(node));
        }
    }

    /// <summary>Ends what time ends; a bounded number.</summary>
    /// <param name="over">Receives whose wait is over, to be answered.</param>
    public void Expire(Draft draft, List<Waiter> over)
    {
        for (int i = 0; i < State.Limits.SweepMax && !draft.IsFull
            && _moments.TryTake(draft.NowMs, out object what); i++)
        {
            switch (what)
            {
                case OpenDelivery delivery:
                    End(delivery);
                    Starts.GiveUp(delivery, delivery.Messages, "the lease ran out", draft);
                    break;
                case Waiter waiter when !waiter.IsChosen && !IsLookingFor(waiter):
                    _waiters.Forget(waiter);
                    over.Add(waiter);
                    break;
                case NodeActivity node:
                    _touched.Add(node);
                    break;
            }
        }
    }

    public void Drop(long nowMs)
    {
        foreach (OpenDelivery delivery in _ending)
        {
            delivery.Ending = false;
            Arm(delivery, Math.Max(delivery.LeaseEndsMs, nowMs));
        }

        Starts.Drop();
        _lookedAt.Clear();
        _ending.Clear();
    }

    // Once durable.

    /// <summary>Everything staged happened: leases that ended are gone, starts on record go out.</summary>
    public void Commit(long nowMs, List<Reply> replies)
    {
        _overdue.ExceptWith(_lookedAt);
        _lookedAt.Clear();
        foreach (OpenDelivery delivery in _ending)
        {
            // Its time may have passed while it was leased; nobody need ask for it to be forgotten.
            if (HoldsExpired(delivery, nowMs))
            {
                _overdue.Add(delivery.Node.Name);
            }

            _moments.Disarm(delivery.Timer);
            _open.Remove(LeaseHandOver.KeyOf(delivery.Id));
            delivery.Node.Open = null;
            _touched.Add(delivery.Node);
        }

        _ending.Clear();
        foreach (NodeActivity node in Starts.Commit())
        {
            PendingStart start = node.Start!;
            node.Start = null;
            _waiters.Unchoose(start.Waiter);
            _touched.Add(node);
            Message[] left =
            [
                .. start.Messages.Select(m => _mail.Messages.GetDurable(m.Id)).Where(m => m is { Dead: false })
                .Select(m => m!)
            ];
            if (left.Length > 0 && !start.Waiter.Gone)
            {
                HandOut(node, start.Waiter, left, start.Revision, recorded: true, nowMs, replies);
            }
            else if (start.Waiter is { Gone: false, Node: null } waiter)
            {
                waiter.Queue.AddFirst(waiter);
                _asked.Add(ServiceOf(waiter.Command.Service.Value));
            }
        }
    }

    private static bool HoldsExpired(OpenDelivery delivery, long nowMs) =>
        Array.Exists(delivery.Messages, m => m.Content.Metadata?.IsExpired(nowMs) == true);

    /// <summary>Adds a receive; it is answered by the next <see cref="Deliver"/>, or later.</summary>
    public void Add(object ticket, Receive command, long nowMs)
    {
        if (command.IsForAnyNode)
        {
            ServiceActivity service = ServiceOf(command.Service.Value);
            Work.IsAsked(command.Service);
            _waiters.Add(ticket, command, command.PeekOnly ? service.Peekers : service.Waiters, null, nowMs);
            _asked.Add(service);
            return;
        }

        var name = new ScopedName(command.Service.Value, command.Node);
        if (!_nodes.TryGetValue(name, out NodeActivity? node))
        {
            node = _nodes[name] = new NodeActivity(name);
        }

        _waiters.Add(ticket, command, node.Waiters, node, nowMs);
        _touched.Add(node);
    }

    /// <summary>Hands out what can be handed out at every node that something happened to.</summary>
    /// <param name="over">Receives that would not wait and got nothing, to be answered.</param>
    public void Deliver(long nowMs, List<Reply> replies, List<Waiter> over)
    {
        foreach (NodeActivity node in _touched)
        {
            Deliver(node, nowMs, replies);
            _waiters.ForgetLate(node.Waiters, nowMs, over);
            if (node.IsIdle(nowMs))
            {
                _nodes.Remove(node.Name);
            }
        }

        _touched.Clear();
        foreach (ServiceActivity service in _asked)
        {
            Deliver(service, nowMs, replies, over);
        }

        _asked.RemoveWhere(s => s.IsWhole || !s.IsAsked);
        _waiters.Seat(replies);
        Work.Step(nowMs, replies);
    }

    public void Renew(OpenDelivery delivery, long leaseMs, long nowMs)
    {
        Arm(delivery, nowMs + leaseMs);
    }

    /// <summary>Nothing of this node goes out for a while.</summary>
    public void Hold(NodeActivity node, long untilMs)
    {
        node.HoldUntilMs = untilMs;
        _nodes[node.Name] = node;
        _moments.Arm(node, untilMs);
    }

    public bool Cancel(object ticket)
    {
        if (_waiters.Find(ticket) is not { } waiter)
        {
            return Work.Cancel(ticket);
        }

        _waiters.Forget(waiter);
        if (waiter.Node is { } node)
        {
            _touched.Add(node);
        }

        return true;
    }

    private void Adopt(LeaseHandedOver lease, long nowMs)
    {
        if (!_nodes.TryGetValue(lease.Node, out NodeActivity? node))
        {
            node = _nodes[lease.Node] = new NodeActivity(lease.Node);
        }

        if (LeaseHandOver.Restore(lease, node, _partition, _mail) is not { } delivery)
        {
            _touched.Add(node);
            return;
        }

        node.Open = delivery;
        _open.Add(lease.Delivery, delivery);
        Arm(delivery, nowMs + lease.LeftMs);
    }

    private ServiceActivity ServiceOf(long service)
    {
        if (!_services.TryGetValue(service, out ServiceActivity? activity))
        {
            activity = _services[service] = new ServiceActivity(service);
        }

        return activity;
    }

    /// <summary>It asked for any node, and not all were looked at yet: its time is not over before they are.</summary>
    private bool IsLookingFor(Waiter waiter) =>
        waiter.Node is null && !ServiceOf(waiter.Command.Service.Value).IsWhole;

    /// <summary>Gives those that asked for any node what is there.</summary>
    private void Deliver(ServiceActivity service, long nowMs, List<Reply> replies, List<Waiter> over)
    {
        service.Look(_mail, State.Limits.SweepMax);
        while (service.IsAsked && service.TryTake(out ScopedName name))
        {
            bool isNew = !_nodes.TryGetValue(name, out NodeActivity? node);
            Deliver(node ??= new NodeActivity(name), nowMs, replies);
            if (isNew && !node.IsIdle(nowMs))
            {
                _nodes.Add(name, node);
            }
        }

        if (service.IsWhole)
        {
            _waiters.ForgetLate(service.Waiters, nowMs, over);
            _waiters.ForgetLate(service.Peekers, nowMs, over);
        }
    }

    /// <summary>To who asked for it by name, else to who asked for any; with neither, who looks is told.</summary>
    private void Deliver(NodeActivity node, long nowMs, List<Reply> replies)
    {
        if (node.Open is not null || node.Start is not null || node.HoldUntilMs > nowMs
            || _mail.Nodes.GetDurable(node.Name) is not { Waiting: > 0, Paused: false } entry)
        {
            return;
        }

        ServiceActivity? service = _services.GetValueOrDefault(node.Name.Scope);
        if ((node.Waiters.First ?? service?.Waiters.First) is not { } first)
        {
            service?.Add(node.Name);
            Work.Find(node.Name.Scope);
            foreach (Waiter peeker in service?.Peekers.ToArray() ?? [])
            {
                _waiters.Forget(peeker);
                replies.Add(new Reply(peeker.Ticket, new SomethingToDeliver()));
            }

            return;
        }

        Waiter waiter = first.Value;
        Message[] messages = DeliveryChoice.Of(_mail, entry.Number, waiter.Command, nowMs, out bool isOverdue);
        if (isOverdue)
        {
            _overdue.Add(node.Name);
        }

        if (messages.Length == 0)
        {
            return;
        }

        bool mayHaveBeenOut = Array.Exists(messages, m => m.Attempts > 0 || m.Id.Revision < _epochRevision);
        if (mayHaveBeenOut)
        {
            _waiters.Choose(waiter);
            if (waiter.Node is null)
            {
                // Nothing else is chosen for it meanwhile. Who asked by name keeps the node from others by itself.
                waiter.Queue.Remove(waiter);
            }

            node.Start = new PendingStart(waiter, messages);
            Starts.AddPending(node);
        }
        else
        {
            HandOut(node, waiter, messages, State.DurableTotals.Revision, recorded: false, nowMs, replies);
        }
    }

    private void HandOut(
        NodeActivity node, Waiter waiter, Message[] messages, long token, bool recorded, long nowMs,
        List<Reply> replies)
    {
        Receive command = waiter.Command;
        var id = new DeliveryId(_partition, new Epoch(State.DurableTotals.Epoch), ++_lastNumber);
        var delivery = new OpenDelivery(id, node, messages, command) { StartRecorded = recorded };
        node.Open = delivery;
        _open.Add(LeaseHandOver.KeyOf(id), delivery);
        Arm(delivery, nowMs + command.LeaseMs);
        if (!recorded)
        {
            Starts.AddUnrecorded(delivery);
        }

        _waiters.Forget(waiter);
        NodeEntry entry = _mail.Nodes.GetDurable(node.Name)!;
        replies.Add(new Reply(waiter.Ticket, new DeliveryGiven
        {
            Delivery = id,
            Token = new FenceToken(token),
            Messages = [.. messages.Select(m => m.View(_partition, m.Attempts + (recorded ? 0 : 1), State.Now))],
            State = entry.State,
            StateContentType = entry.StateContentType,
            StateVersion = new Revision(entry.StateVersion),
            LeaseMs = command.LeaseMs,
        }));
    }

    private void Arm(OpenDelivery delivery, long atMs)
    {
        delivery.LeaseEndsMs = atMs;
        _moments.Disarm(delivery.Timer);
        delivery.Timer = _moments.Arm(delivery, atMs);
    }
}
