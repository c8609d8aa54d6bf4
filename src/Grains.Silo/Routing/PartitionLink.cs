using Grains.Silo.Loops;
using Grains.Silo.Partitions;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;

namespace Grains.Silo.Routing;

/// <summary>
/// The way from this server to one partition on another: commands share grain calls, and a few calls are in flight.
/// </summary>
internal sealed class PartitionLink(PartitionId id, IPartitionGrain grain, RouterOptions options, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly CommandQueue _queue = new(options.QueuedCommandsMax, options.QueuedBytesMax);
    private int _calls;

    public void Post(Ticket ticket)
    {
        if (_queue.Post(ticket) != QueueVerdict.Taken)
        {
            ticket.Complete(new Refused(Refusal.Overloaded,
                $"Too many commands wait for partition {id} on another server; repeat in a moment.")
            {
                RetryAfterMs = 100,
            });
            return;
        }

        if (TryBegin())
        {
            _ = CallAsync();
        }
    }

    /// <summary>A command that may wait inside the partition has a call of its own.</summary>
    public async Task<Answer> WaitAsync(Command command, CancellationToken cancel)
    {
        // Given up is given up there too: else the next message would be handed to nobody.
        using var late = new CancellationTokenSource(
            TimeSpan.FromMilliseconds(command.WaitMs + options.CallMsMax), time);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancel, late.Token);
        try
        {
            return await grain.Wait(command, over.Token).WaitAsync(over.Token);
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            return Lost(e);
        }
    }

    /// <summary>What a failed grain call says about its commands.</summary>
    public static NotOwner Lost(Exception e) => new(
        MayHaveHappened: e is not (LimitExceededException or GatewayTooBusyException)
            && (e is SiloUnavailableException || e is not OrleansMessageRejectionException),
        $"{e.GetType().Name}: {e.Message}");

    private bool TryBegin()
    {
        lock (_lock)
        {
            if (_calls >= options.CallsMax || _queue.Count == 0)
            {
                return false;
            }

            _calls++;
            return true;
        }
    }

    private bool TryEnd()
    {
        // Under the lock that a new command takes after it is queued: either it begins a call, or this one goes on.
        lock (_lock)
        {
            if (_queue.Count > 0)
            {
                return false;
            }

            _calls--;
            return true;
        }
    }

    private async Task CallAsync()
    {
        var batch = new List<Request>();
        do
        {
            _queue.TakeInto(batch, options.CallCommandsMax, options.CallBytesMax);
            if (batch.Count > 0)
            {
                await CallAsync(batch);
                batch.Clear();
            }
        }
        while (!TryEnd());
    }

    private async Task CallAsync(List<Request> batch)
    {
        try
        {
            AnswerBatch answers = await grain.Execute(new CommandBatch([.. batch.Select(r => r.Command)]))
                .WaitAsync(TimeSpan.FromMilliseconds(options.CallMsMax), time);
            for (int i = 0; i < batch.Count; i++)
            {
                ((Ticket)batch[i].Ticket).Complete(answers.Answers[i]);
            }
        }
        catch (Exception e)
        {
            NotOwner lost = Lost(e);
            foreach (Request request in batch)
            {
                ((Ticket)request.Ticket).Complete(lost);
            }
        }
    }
}
