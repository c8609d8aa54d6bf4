using Grains.Journal;
using Grains.Silo.Loops;
using Grains.Silo.Partitions;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Orleans.Concurrency;
using Orleans.Placement;

namespace Grains.Silo.Ownership;

/// <summary>Makes its server the owner of one partition for as long as it is active. The work is the loop's.</summary>
[GrainType(PartitionKey.TypeName), Reentrant, KeepAlive, Immovable, PartitionPlacement]
internal sealed partial class PartitionGrain(
    PartitionRuntime runtime, LocalPartitions local, PartitionPreloads preloads, PartitionOwners owners,
    MembershipView membership)
    : Grain, IPartitionGrain
{
    /// <summary>A call waits this long for a recovery; then its caller is told, and tries again.</summary>
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(5);

    private const int _pauseMsMin = 100;
    private const int _pauseMsMax = 10_000;

    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private PartitionId _id;
    private PartitionLoop? _loop;
    private Task _life = Task.CompletedTask;
    private string? _trouble;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _id = PartitionKey.Parse(this.GetPrimaryKeyString());

        // Not awaited: an activation has a time limit, a recovery takes as long as its data is large.
        _life = LiveAsync();
        return Task.CompletedTask;
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        _ = _loop?.HandOverAsync();
        await _life.WaitAsync(cancellationToken);
    }

    public async Task<AnswerBatch> Execute(CommandBatch batch)
    {
        PartitionLoop? loop = await OpenedAsync();
        return new AnswerBatch(loop is null
            ? [.. batch.Commands.Select(_ => NotServed())]
            : await TicketBatch.PostAsync(batch.Commands, loop.Post));
    }

    public async Task<Answer> Wait(Command command, CancellationToken cancel) =>
        await OpenedAsync() is { } loop ? await loop.ExecuteAsync(command, cancel) : NotServed();

    public async Task<PartitionReport> Activate()
    {
        await OpenedAsync();
        if (_life.IsCompleted)
        {
            // A migration that finds no other server in the moment that it looks for one does nothing: try again.
            Leave();
        }

        return await Describe();
    }

    public Task<PartitionReport> Describe() => Task.FromResult(_loop is { Completion.IsCompleted: false } loop
        ? loop.Read(machine => new PartitionReport
        {
            Partition = _id,
            Phase = PartitionPhase.Served,
            Owner = runtime.Server,
            Epoch = loop.Epoch,
            Revision = machine.Revision,
            Incarnation = machine.Incarnation,
            Statistics = machine.Statistics,
            Recovery = loop.RecoveryTimes,
            LastCheckpoint = loop.LastCheckpoint,
            LongestStall = loop.LongestStall,
            QueueDepth = loop.QueueDepth,
        })
        : new PartitionReport
        {
            Partition = _id,
            Phase = _life.IsCompleted ? PartitionPhase.Unowned : PartitionPhase.Recovering,
            Owner = runtime.Server,
            Trouble = _trouble,
        });

    private Answer NotServed() => new NotOwner(MayHaveHappened: false, _trouble ?? "The partition is being recovered.");

    private async ValueTask<PartitionLoop?> OpenedAsync()
    {
        if (!_opened.Task.IsCompleted)
        {
            await Task.WhenAny(_opened.Task, Task.Delay(_patience, runtime.Time));
        }

        return _loop;
    }

    private async Task LiveAsync()
    {
        try
        {
            if (await OpenAsync() is { } loop)
            {
                LoopEnd end = await loop.Completion;
                local.Remove(loop);
                _trouble = end.Why;
                if (end.Reason == LoopEndReason.Fenced)
                {
                    // Another server has a newer view of the cluster: this one is to see it before it acquires again.
                    await membership.RefreshAsync().AsTask().WaitAsync(_patience, runtime.Time);
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            _trouble = "The server is giving the partition up.";
        }
        catch (TimeoutException)
        {
            _trouble = "The cluster's members could not be read again.";
        }
        catch (Exception e)
        {
            _trouble = e.Message;
            LogNotRecovered(Log, _id, e);
            _opened.TrySetResult();
            if (e is not JournalUnavailableException)
            {
                await PauseAsync(local.RecoveryFailed(_id));
            }
        }

        _opened.TrySetResult();
        Leave();
    }

    /// <summary>
    /// Each attempt leaves an epoch record for ever: what is damaged is not tried all the time. A journal that is
    /// unavailable leaves none, and is to be met the moment that it is back.
    /// </summary>
    private async Task PauseAsync(int failures)
    {
        int pauseMs = Math.Min(_pauseMsMin << Math.Min(failures - 1, 16), _pauseMsMax);
        await Task.Delay(TimeSpan.FromMilliseconds(pauseMs), runtime.Time, _stop.Token)
            .ConfigureAwait(ConfigureAwaitOptions.ContinueOnCapturedContext | ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>
    /// To the partition's server, if there is another: the grain directory then names that one at once. With no entry
    /// in between, callers that remember this server would begin the grain anew here, again and again.
    /// </summary>
    private void Leave()
    {
        if (owners.OwnerOf(_id) is { } owner && owner != runtime.Server)
        {
            this.MigrateOnIdle();
        }
        else
        {
            DeactivateOnIdle();
        }
    }

    private async Task<PartitionLoop?> OpenAsync()
    {
        if (owners.OwnerOf(_id) is var owner && owner != runtime.Server)
        {
            _trouble = $"It belongs to {owner ?? "no server that is known"} in view {membership.Number} of "
                + $"{runtime.Server}.";
            LogNotHere(Log, _id, _trouble);
            await membership.RefreshAsync().AsTask().WaitAsync(_patience, runtime.Time);
            return null;
        }

        RecoveryOutcome outcome = await PartitionRecovery.RunAsync(
            _id, runtime, membership.Version, preloads.Take(_id), _stop.Token);
        switch (outcome.Acquire)
        {
            case AcquireOutcome.NotHere notHere:
                _trouble = $"It can be opened on {string.Join(", ", notHere.Candidates)}, not on {runtime.Server}.";
                LogNotHere(Log, _id, _trouble);
                return null;
            case AcquireOutcome.OutdatedView outdated:
                _trouble = $"This server's view of the cluster is older than {outdated.NewestVersion}.";
                LogNotHere(Log, _id, _trouble);
                await membership.RefreshAsync(outdated.NewestVersion).AsTask().WaitAsync(_patience, runtime.Time);
                return null;
        }

        var loop = new PartitionLoop(outcome.Owned!, runtime);
        RecoveryTimes times = loop.RecoveryTimes;
        _recoveryMs.Record(times.Total.TotalMilliseconds);
        LogOwned(Log, _id, loop.Epoch, loop.Machine.Revision, times.Acquire.TotalMilliseconds,
            times.Checkpoint.TotalMilliseconds, times.Records.TotalMilliseconds);
        _loop = loop;
        loop.Start();
        if (_stop.IsCancellationRequested)
        {
            _ = loop.StopAsync();
        }
        else
        {
            local.Add(loop);
        }

        _opened.TrySetResult();
        return loop;
    }
}
