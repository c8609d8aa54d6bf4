using Grains.Journal;
using Grains.Silo.Partitions;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Keyspaces;

namespace Grains.Silo.Loops;

/// <summary>Reads that need no batch of their loop. Durable records alone show in them.</summary>
/// <param name="owned">What is read.</param>
/// <param name="journal">Confirms the ownership.</param>
/// <param name="seals">Refuse commands that no turn is needed for.</param>
/// <param name="isOver">Any thread: the loop is ending or has ended, and nothing is answered from its memory.</param>
internal sealed class LoopReads(OwnedPartition owned, IJournal journal, DeliverySeals seals, Func<bool> isOver)
{
    /// <summary>Until a confirmation is seen that had to wait.</summary>
    private volatile bool _confirmsAtOnce = true;

    /// <summary>Any thread. What needs no turn of the loop; null = it does.</summary>
    public Answer? AnswerAtOnce(Command command)
    {
        Answer? known = seals.Refuse(command) ?? (command is GetKey get ? TryAtOnce(get) : null);
        if (known is not null)
        {
            LoopTickets.Count(known);
        }

        return known;
    }

    /// <summary>
    /// Where the journal confirms from memory, a key is read on the caller's thread: the confirmation began after the
    /// command came, and what is read after it is durable (rule 2). Null = through the queue.
    /// </summary>
    private Answer? TryAtOnce(GetKey command)
    {
        if (!_confirmsAtOnce || isOver())
        {
            return null;
        }

        ValueTask<bool> confirmed = journal.ConfirmAsync(owned.Id, owned.Epoch, CancellationToken.None);
        if (!confirmed.IsCompletedSuccessfully)
        {
            // Its outcome, whatever it is, concerns nobody: the queue asks again.
            _confirmsAtOnce = false;
            _ = confirmed.AsTask().ContinueWith(
                static t =>
                    t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            return null;
        }

        return confirmed.Result ? owned.Machine.TryRead(command) : null;
    }

    /// <summary>
    /// A read that does not ask for the newest, in a turn between those of the loop, which may be waiting for the
    /// journal.
    /// </summary>
    public async Task AnswerFromThePastAsync(Ticket ticket, TaskScheduler loop)
    {
        try
        {
            ticket.Complete(await Task.Factory.StartNew(
                () => Read(ticket.Command), CancellationToken.None, TaskCreationOptions.DenyChildAttach, loop));
        }
        catch (Exception e)
        {
            ticket.Complete(new NotOwner(MayHaveHappened: false, e.Message));
        }
    }

    /// <summary>As the other, for a caller who holds the turn of a loop that the engine runs.</summary>
    public Answer FromThePast(Command command)
    {
        try
        {
            return Read(command);
        }
        catch (Exception e)
        {
            return new NotOwner(MayHaveHappened: false, e.Message);
        }
    }

    private Answer Read(Command command)
    {
        ReadConsistency asked = command.Consistency;
        if (isOver())
        {
            return new NotOwner(MayHaveHappened: false, "This server has just given the partition up.");
        }

        if (asked.Level == ConsistencyLevel.Session)
        {
            if (asked.Incarnation != owned.Machine.Incarnation)
            {
                return new Refused(Refusal.HistoryChanged,
                    $"The position is of history {asked.Incarnation} of partition {owned.Id}, which now has history "
                    + $"{owned.Machine.Incarnation}: the data was restored in between. Read without a position, and "
                    + "take "
                    + "the new one from the answer.");
            }

            if (asked.AtLeast > owned.Machine.Revision)
            {
                return new NotOwner(MayHaveHappened: false,
                    $"This owner of partition {owned.Id} stands at {owned.Machine.Revision}, before {asked.AtLeast}.");
            }
        }

        return owned.Machine.ReadDurable(command);
    }
}
