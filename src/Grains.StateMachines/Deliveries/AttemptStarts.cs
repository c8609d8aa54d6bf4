using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;

namespace Grains.StateMachines.Deliveries;

/// <summary>
/// Attempts that begin, and whether that is on record. A first one rides on a record that is written anyway; any other
/// is recorded before its messages go out.
/// </summary>
internal sealed class AttemptStarts(MailboxTables mail)
{
    /// <summary>
    /// After a crash a message has had its attempts at this many at the least: of two recorded starts the second was
    /// alone (<see cref="DeliveryChoice"/>), the first may have been one of a batch.
    /// </summary>
    private const int _startsMin = 2;

    private readonly List<OpenDelivery> _unrecorded = [];
    private readonly List<OpenDelivery> _recording = [];
    private readonly List<NodeActivity> _pending = [];

    /// <summary>Some attempt must be made durable before it can go out.</summary>
    public bool HasPending => _pending.Count > 0;

    /// <summary>The delivery went out without a record of it.</summary>
    public void AddUnrecorded(OpenDelivery delivery) => _unrecorded.Add(delivery);

    /// <summary>The node's next delivery is chosen, and goes out once its start is durable.</summary>
    public void AddPending(NodeActivity node) => _pending.Add(node);

    /// <summary>
    /// Records an attempt that failed, where it is not on record yet, and makes a dead letter of a message that has had
    /// all of its. Who failed of several is not known: after theirs each has one alone, whatever the bound.
    /// </summary>
    /// <returns>How many became dead letters.</returns>
    public int GiveUp(OpenDelivery delivery, Message[] messages, string how, Draft draft, bool deadLetterAll = false)
    {
        int started = delivery.StartRecorded ? 0 : 1;
        Place[] dead = [.. messages
            .Where(
                m => deadLetterAll || (messages.Length == 1 && Attempts(m) + started >= delivery.Command.MaxAttempts))
            .Select(m => m.Id)];
        if (started == 0 && dead.Length == 0)
        {
            return 0;
        }

        draft.Open();
        if (started > 0)
        {
            draft.Emit(new AttemptsStarted(delivery.Node.Name, [.. messages.Select(m => m.Id)]));
            delivery.StartRecorded = true;
            _recording.Add(delivery);
        }

        if (dead.Length > 0)
        {
            draft.Emit(new MessagesDeadLettered(
                delivery.Node.Name, dead, deadLetterAll ? how : After(Attempts(messages[0]), how)));
        }

        draft.Close();
        return dead.Length;
    }

    /// <summary>A commit leaves these out: the attempt counts, and may have been the last.</summary>
    /// <param name="delivery">That ends.</param>
    /// <param name="rest">Of its messages.</param>
    /// <param name="draft">With the commit's change open.</param>
    public void LeaveOut(OpenDelivery delivery, Message[] rest, Draft draft)
    {
        if (rest.Length > 0 && !delivery.StartRecorded)
        {
            draft.Emit(new AttemptsStarted(delivery.Node.Name, [.. rest.Select(m => m.Id)]));
        }

        if (delivery.Messages.Length == 1 && rest.Length == 1 && Attempts(rest[0]) >= delivery.Command.MaxAttempts)
        {
            string reason = After(Attempts(rest[0]), "the commit did not acknowledge it");
            draft.Emit(new MessagesDeadLettered(delivery.Node.Name, [rest[0].Id], reason));
        }
    }

    /// <summary>
    /// The attempt counts for nothing. It leaves a record all the same: the node's next delivery has a greater token.
    /// </summary>
    public void TakeBack(OpenDelivery delivery, Draft draft)
    {
        Place[] messages = [.. delivery.Messages.Select(m => m.Id)];
        draft.Open();
        if (!delivery.StartRecorded)
        {
            draft.Emit(new AttemptsStarted(delivery.Node.Name, messages));
            delivery.StartRecorded = true;
            _recording.Add(delivery);
        }

        draft.Emit(new AttemptsReturned(delivery.Node.Name, messages));
        draft.Close();
    }

    /// <summary>
    /// Records the starts that must be durable before they go out; what has no room waits for the next batch.
    /// </summary>
    public void StagePending(Draft draft)
    {
        foreach (NodeActivity node in _pending)
        {
            if (draft.IsFull)
            {
                return;
            }

            PendingStart start = node.Start!;
            int attemptsMax = Math.Max(start.Waiter.Command.MaxAttempts, _startsMin);

            // A purge may have come between.
            Message[] there = [.. start.Messages.Where(m => mail.Messages.Get(m.Id) is { Dead: false })];
            Place[] spent = [.. there.Where(m => m.Attempts >= attemptsMax).Select(m => m.Id)];
            Place[] begun = [.. there.Where(m => m.Attempts < attemptsMax).Select(m => m.Id)];
            start.Revision = draft.Open();
            if (begun.Length > 0)
            {
                draft.Emit(new AttemptsStarted(node.Name, begun));
            }

            if (spent.Length > 0)
            {
                // One that has had so many goes alone; more than are allowed only where the service was declared anew.
                int attempts = there.Max(m => m.Attempts);
                string how = attempts > attemptsMax
                    ? $"more were allowed; now the service allows {start.Waiter.Command.MaxAttempts}"
                    : "the server ended";
                draft.Emit(new MessagesDeadLettered(node.Name, spent, After(attempts, how)));
            }

            draft.Close();
        }
    }

    /// <summary>First attempts ride on a record that is written anyway; those that the batch ended need none.</summary>
    public void StageFirst(Draft draft)
    {
        foreach (OpenDelivery delivery in _unrecorded)
        {
            if (draft.IsFull)
            {
                return;
            }

            if (delivery.Ending || delivery.StartRecorded)
            {
                continue;
            }

            draft.Open();
            draft.Emit(new AttemptsStarted(delivery.Node.Name, [.. delivery.Messages.Select(m => m.Id)]));
            draft.Close();
            delivery.StartRecorded = true;
            _recording.Add(delivery);
        }
    }

    public void Drop()
    {
        foreach (OpenDelivery delivery in _recording)
        {
            delivery.StartRecorded = false;
        }

        foreach (NodeActivity node in _pending)
        {
            node.Start!.Revision = 0;
        }

        _recording.Clear();
    }

    /// <summary>What was staged is durable. Returns the nodes whose start is; the others stay pending.</summary>
    public NodeActivity[] Commit()
    {
        _unrecorded.RemoveAll(d => d.StartRecorded || d.Ending);
        _recording.Clear();
        if (_pending.Count == 0)
        {
            return [];
        }

        NodeActivity[] durable = [.. _pending.Where(n => n.Start!.Revision != 0)];
        _pending.RemoveAll(n => n.Start!.Revision != 0);
        return durable;
    }

    private static string After(int attempts, string how) =>
        $"{attempts} {(attempts == 1 ? "attempt" : "attempts")}; at the last, {how}";

    private int Attempts(Message message) => mail.Messages.Get(message.Id)?.Attempts ?? message.Attempts;
}
