using System.Diagnostics.Metrics;
using Grains.Silo.Partitions;
using Grains.Silo.Telemetry;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Outboxes;
using Grains.StateMachines.Partitions;

namespace Grains.Silo.Loops;

/// <summary>
/// The commands of one loop, from the queue to their answers: those that wait, those of the batch that is being
/// decided, those that wait inside the machine. Each is answered once.
/// </summary>
/// <remarks>In the loop's turns only.</remarks>
internal sealed class LoopTickets(
    PartitionMachine machine, CommandQueue queue, DeliverySeals seals, PartitionOptions options)
{
    private static readonly Counter<long> _commands = GrainsMeter.Instance.CreateCounter<long>(
        "grains.commands", null, "Commands decided.");

    private static readonly Counter<long> _refusals = GrainsMeter.Instance.CreateCounter<long>(
        "grains.refusals", null, "Commands refused, by code.");

    private static readonly Histogram<int> _batchSize = GrainsMeter.Instance.CreateHistogram<int>(
        "grains.batch.size", null, "Commands decided in one batch.");

    private readonly HashSet<Ticket> _parked = [];

    public List<Request> Batch { get; } = [];

    /// <summary>The loop's own commands wait as long as it takes: nobody would ask them again.</summary>
    public static bool IsFromCaller(Ticket ticket) => ticket.Command is not ClearOutbox;

    /// <summary>Any thread: one that was answered without a turn.</summary>
    public static void Count(Answer answer)
    {
        _commands.Add(1);
        CountRefusal(answer);
    }

    /// <summary>Any thread: there is no place for it in the queue.</summary>
    public static void RefuseAsFull(Ticket ticket, PartitionId partition)
    {
        var full = new Refused(
            Refusal.Overloaded, $"Partition {partition} has as many commands waiting as it may; repeat in a moment.")
        {
            RetryAfterMs = 100,
        };
        CountRefusal(full);
        ticket.Complete(full);
    }

    private static void CountRefusal(Answer answer)
    {
        if (answer is Refused refused)
        {
            _refusals.Add(1, new KeyValuePair<string, object?>("code", refused.Code));
        }
    }

    public void Take() => queue.TakeInto(Batch, options.BatchCommandsMax, options.BatchBytesMax);

    /// <summary>Those whose callers went away: nothing is to be handed out to them, also if it is decided.</summary>
    public void ForgetGone()
    {
        foreach (Ticket gone in queue.TakeGone())
        {
            bool wasWaiting = _parked.Remove(gone);
            if (machine.Cancel(gone) && !wasWaiting)
            {
                Batch.RemoveAll(r => r.Ticket == gone);
            }
        }
    }

    /// <summary>The batch is over; those of it that are not answered wait inside the machine.</summary>
    public void Answer(IReadOnlyList<Reply> replies)
    {
        foreach (Request request in Batch)
        {
            ((Ticket)request.Ticket).IsParked = true;
        }

        for (int i = 0; i < replies.Count; i++)
        {
            Reply reply = replies[i];
            var ticket = (Ticket)reply.Ticket;
            ticket.IsParked = false;
            if (_parked.Count > 0)
            {
                _parked.Remove(ticket);
            }

            CountRefusal(reply.Answer);
            ticket.Complete(reply.Answer is DeliveryGiven given ? seals.Seal(given) : reply.Answer);
        }

        foreach (Request request in Batch)
        {
            // A caller that went away while its receive was decided is not left to wait inside the machine.
            if (request.Ticket is Ticket { IsParked: true } parked && !(parked.IsGone && machine.Cancel(parked)))
            {
                _parked.Add(parked);
            }
        }

        _commands.Add(Batch.Count);
        _batchSize.Record(Batch.Count);
        Batch.Clear();
    }

    /// <summary>Each caller is told whether what it asked may have happened.</summary>
    public void Stall(bool isUndecided, string why)
    {
        foreach (Request request in Batch.Where(r => IsFromCaller((Ticket)r.Ticket)))
        {
            machine.Cancel(request.Ticket);
            ((Ticket)request.Ticket).Complete(new NotOwner(isUndecided && !request.Command.IsRead, why));
        }

        Batch.RemoveAll(r => IsFromCaller((Ticket)r.Ticket));
        foreach (Ticket parked in _parked)
        {
            machine.Cancel(parked);
            parked.Complete(new NotOwner(MayHaveHappened: false, why));
        }

        _parked.Clear();
        foreach (Ticket waiting in queue.TakeAll(IsFromCaller))
        {
            waiting.Complete(new NotOwner(MayHaveHappened: false, why));
        }
    }

    /// <summary>The loop has ended.</summary>
    public void End(bool isUndecided, string why)
    {
        var undecided = new NotOwner(isUndecided, why);
        foreach (Request request in Batch)
        {
            ((Ticket)request.Ticket).Complete(undecided);
        }

        foreach (Ticket parked in _parked)
        {
            parked.Complete(undecided);
        }

        var untouched = new NotOwner(MayHaveHappened: false, why);
        foreach (Ticket waiting in queue.Close())
        {
            waiting.Complete(untouched);
        }
    }
}
