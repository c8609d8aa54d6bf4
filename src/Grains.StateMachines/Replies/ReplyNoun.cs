using Grains.StateMachines.Batches;

namespace Grains.StateMachines.Replies;

/// <summary>What handlers say to who sent a message, and who waits for that.</summary>
internal sealed class ReplyNoun(ReplyRules rules, ReplyWaiters waiters) : Noun
{
    public override void Register(RuleBook book) => book.Wait<GetReply>(waiters.Add, rules.Read);

    public override long? WakeAtMs => waiters.WakeAtMs;

    public override void Answer(long nowMs, List<Reply> replies) => waiters.Answer(nowMs, replies);

    public override bool Cancel(object ticket) => waiters.Cancel(ticket);
}
