using Grains.StateMachines.Ids;

namespace Grains.Journal.Log;

/// <summary>
/// One partition as its only writer knows it: who may append, what stands where. It decides; it stores nothing.
/// </summary>
/// <remarks>
/// One thread at a time judges and stages (the writer); what it stages shows to nobody until it is published, after it
/// is durable. Everything else may be called from any thread.
/// </remarks>
internal sealed class PartitionLog(PartitionId partition, LogIndex index)
{
    private readonly Lock _gate = new();
    private LogOwnership _ownership;
    private LogOwnership _stagedOwnership;
    private JournalTail _stagedTail;
    private CheckpointPointer? _checkpoint;
    private CheckpointPointer? _stagedCheckpoint;
    private long _confirmedEpoch;

    public PartitionLog(PartitionId partition)
        : this(partition, new LogIndex(partition))
    {
    }

    public PartitionId Partition => partition;

    /// <summary>While nobody writes: of the newest epoch.</summary>
    public LogOwnership Ownership => _ownership;

    public CheckpointPointer? Checkpoint => Volatile.Read(ref _checkpoint);

    public JournalTail Tail
    {
        get
        {
            lock (_gate)
            {
                return index.Tail;
            }
        }
    }

    /// <summary>Set if the tail cannot be known: then nothing may be appended.</summary>
    public LogDamage? TailDamage => index.TailDamage;

    /// <summary>Restores what is known before the records are scanned.</summary>
    public void Restore(LogOwnership ownership, JournalTail forgottenUpTo, CheckpointPointer? checkpoint)
    {
        index.StartAt(forgottenUpTo);
        _checkpoint = checkpoint;
        _ownership = ownership;
        _confirmedEpoch = ownership.Epoch.Value;
        DropStaged();
    }

    /// <summary>The scan's own access; nobody else holds the log yet.</summary>
    public LogIndex Restoring() => index;

    /// <summary>What is durable now, in a log that nothing changes. The writer's own.</summary>
    public PartitionLog Copy()
    {
        PartitionLog copy = new(partition, index.Copy());
        copy._ownership = _ownership;
        copy._checkpoint = _checkpoint;
        return copy;
    }

    /// <summary>Null: it may be written, then <see cref="Stage(JournalAppend)"/> it. Else its outcome.</summary>
    public AppendOutcome? Judge(JournalAppend append)
    {
        if (JournalLimits.Refuses(append) is { } limit)
        {
            return new AppendOutcome(AppendStatus.Refused, limit);
        }

        if (TailDamage is { } damage)
        {
            return new AppendOutcome(AppendStatus.Refused, damage.Exception().Message);
        }

        if (append.Next == _stagedTail)
        {
            return AppendOutcome.Durable;
        }

        if (Owns(append.Epoch) && append.Expected == _stagedTail)
        {
            return null;
        }

        lock (_gate)
        {
            if (index.Holds(append.Next))
            {
                return AppendOutcome.Durable;
            }
        }

        string why = append.Epoch == _stagedOwnership.Epoch
            ? $"the newest record is {_stagedTail}, not {append.Expected}"
            : $"the newest epoch is {_stagedOwnership.Epoch}, not {append.Epoch}";
        return new AppendOutcome(
            AppendStatus.Fenced, $"Partition {partition} did not take {append.Next.Revision}: {why}.");
    }

    public void Stage(JournalAppend append) => _stagedTail = append.Next;

    /// <summary>Null if an owner with this view may acquire; else the newest version that did.</summary>
    public long? OutdatedBy(long membershipVersion) =>
        membershipVersion < _stagedOwnership.MembershipVersion ? _stagedOwnership.MembershipVersion : null;

    /// <summary>Stages the epoch record of a new owner.</summary>
    public EpochGrant StageAcquire(string owner, long membershipVersion, long nowMs)
    {
        Epoch epoch = _stagedOwnership.Epoch.Next;
        byte[] payload = new EpochRecord(_stagedOwnership.Incarnation, nowMs, owner).Encode();
        Revision first = _stagedTail.Revision.Next;
        UInt128 chain = JournalChain.Next(_stagedTail.Chain, epoch, first, 1, payload);
        FlushEntry entry = new(
            partition, JournalRecordKind.Epoch, epoch, first, 1, _stagedTail.Chain, chain, payload);
        _stagedOwnership = new LogOwnership(epoch, membershipVersion, _stagedOwnership.Incarnation);
        _stagedTail = new JournalTail(first, chain);
        return new EpochGrant(entry, membershipVersion);
    }

    /// <summary>True if the caller's epoch is the newest one, staged ones included. Epoch 0 is nobody's.</summary>
    public bool Owns(Epoch epoch) => epoch.Value > 0 && epoch == _stagedOwnership.Epoch;

    /// <summary>True if no newer epoch is durable.</summary>
    public bool Confirms(Epoch epoch) => epoch.Value > 0 && epoch.Value == Volatile.Read(ref _confirmedEpoch);

    /// <summary>False if the present checkpoint is as new: nothing to do.</summary>
    public bool Stage(CheckpointPointer checkpoint)
    {
        if (_stagedCheckpoint is { } present && present.At.Revision >= checkpoint.At.Revision)
        {
            return false;
        }

        _stagedCheckpoint = checkpoint;
        return true;
    }

    public void Publish(LogEntry entry)
    {
        lock (_gate)
        {
            index.Add(entry);
        }

        if (entry.Kind == JournalRecordKind.Epoch)
        {
            _ownership = _stagedOwnership;
            Volatile.Write(ref _confirmedEpoch, entry.Epoch.Value);
        }
    }

    public void Publish(CheckpointPointer checkpoint) => Volatile.Write(ref _checkpoint, checkpoint);

    /// <summary>What was staged did not become durable.</summary>
    public void DropStaged()
    {
        _stagedOwnership = _ownership;
        _stagedTail = index.Tail;
        _stagedCheckpoint = _checkpoint;
    }

    /// <summary>True if a record ends exactly here.</summary>
    public bool Holds(JournalTail tail)
    {
        lock (_gate)
        {
            return index.Holds(tail);
        }
    }

    /// <summary>The newest record at or below both arguments, or null if nothing can be forgotten.</summary>
    public JournalTail? ForgettableUpTo(Revision upTo)
    {
        Revision covered = Checkpoint?.At.Revision ?? Revision.None;
        lock (_gate)
        {
            return index.NewestAtOrBelow(upTo < covered ? upTo : covered);
        }
    }

    /// <summary>Drops the records up to a tail that <see cref="ForgettableUpTo"/> gave, and returns them.</summary>
    public IReadOnlyList<LogEntry> Forget(JournalTail upTo)
    {
        lock (_gate)
        {
            return index.Forget(upTo);
        }
    }

    /// <summary>A part of what a reader asks for.</summary>
    public LogPage Page(Revision from, Revision through)
    {
        lock (_gate)
        {
            return index.Page(from, through);
        }
    }
}
