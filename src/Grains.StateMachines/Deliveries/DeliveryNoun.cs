using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;

namespace Grains.StateMachines.Deliveries;

/// <summary>Leases on nodes' messages, how they end, and who waits for one.</summary>
internal sealed class DeliveryNoun(Leases leases, DeliveryRules rules) : Noun
{
    private readonly List<(NodeActivity Node, long UntilMs)> _holds = [];
    private readonly List<Waiter> _over = [];

    public override void Register(RuleBook book)
    {
        book.Decide<CommitDelivery>(
            rules.Decide,
            done => new Committed(new Revision(done.Revision), new Revision(done.Result), Repeated: false),
            (commit, _) => rules.Repeat(commit));
        book.Decide<RejectDelivery>((reject, draft) => rules.Decide(reject, draft, _holds));
        book.Wait<Receive>((ticket, receive, nowMs, _) => leases.Add(ticket, receive, nowMs));
        book.Wait<FindWork>(leases.Work.Add);
        book.Wait<RenewDelivery>(
            (ticket, renew, nowMs, replies) => replies.Add(new Reply(ticket, rules.Renew(renew, nowMs))));
    }

    public override void Begin() => leases.Begin();

    public override bool HasWork => leases.HasWork;

    public override long? WakeAtMs => leases.WakeAtMs;

    public override void Due(Draft draft) => leases.Expire(draft, _over);

    public override void Stage(Draft draft) => leases.Starts.StagePending(draft);

    public override void Complete(Draft draft) => leases.Starts.StageFirst(draft);

    public override void Commit(long nowMs, List<Reply> replies)
    {
        leases.Commit(nowMs, replies);
        foreach ((NodeActivity node, long untilMs) in _holds)
        {
            leases.Hold(node, untilMs);
        }

        _holds.Clear();
    }

    public override void Drop(long nowMs)
    {
        leases.Drop(nowMs);
        _holds.Clear();
    }

    public override void Answer(long nowMs, List<Reply> replies)
    {
        leases.Deliver(nowMs, replies, _over);
        foreach (Waiter waiter in _over)
        {
            replies.Add(new Reply(waiter.Ticket, new NothingToDeliver()));
        }

        _over.Clear();
    }

    public override bool Cancel(object ticket) => leases.Cancel(ticket);

    public override bool HasHandOver(long nowMs) => leases.HasHandOver(nowMs);

    public override void StageHandOver(Draft draft) => leases.StageHandOver(draft);

    public override void Count(MachineStatistics statistics)
    {
        statistics.OpenDeliveries = leases.OpenCount;
        statistics.WaitingReceives = leases.WaitingCount;
    }
}
