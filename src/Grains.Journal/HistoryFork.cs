using Grains.StateMachines.Ids;

namespace Grains.Journal;

/// <summary>
/// What a partition does where its history may have lost its end (a restore, a migration, a promotion): it goes on
/// under the next incarnation, far above every number that the lost end may have given out.
/// </summary>
public static class HistoryFork
{
    /// <summary>The only gap that revisions may have.</summary>
    public const long RevisionRaise = 1L << 32;

    /// <summary>
    /// Epochs need no density; raised, no lost owner and none of its deliveries is taken for a new one.
    /// </summary>
    public const long EpochRaise = 1L << 20;

    /// <summary>The owner that a marked record of an import names.</summary>
    public const string Restored = "restored";

    /// <summary>The marked record with which a history goes on elsewhere than where it was written.</summary>
    /// <param name="tail">The newest record.</param>
    /// <param name="epoch">The newest epoch.</param>
    /// <param name="incarnation">The one so far.</param>
    /// <param name="nowMs">The clock of whoever forks it, ms since 1970.</param>
    /// <param name="owner">Names the reason, for people.</param>
    public static JournalRecord Mark(JournalTail tail, Epoch epoch, long incarnation, long nowMs, string owner)
    {
        byte[] payload = new EpochRecord(incarnation + 1, nowMs, owner).Encode();
        Epoch next = new(epoch.Value + 1 + EpochRaise);
        Revision first = tail.Revision.Next + RevisionRaise;
        UInt128 chain = JournalChain.Next(tail.Chain, next, first, 1, payload);
        return new JournalRecord(JournalRecordKind.Epoch, first, 1, next, chain, payload);
    }

    /// <summary>
    /// Where a record may stand after <paramref name="before"/>: next to it, or after the marked gap.
    /// </summary>
    /// <param name="before">The last revision of the record before.</param>
    /// <param name="incarnationBefore">The incarnation so far, where it is known.</param>
    /// <param name="record">The record that follows; its payload is as it was written.</param>
    public static bool Follows(Revision before, long? incarnationBefore, JournalRecord record)
    {
        if (record.First == before.Next)
        {
            return true;
        }

        return record.Kind == JournalRecordKind.Epoch
            && record.First == before.Next + RevisionRaise
            && EpochRecord.Decode(record.Payload.Span).Incarnation is var incarnation
            && incarnation == (incarnationBefore ?? (incarnation - 1)) + 1 && incarnation > 0;
    }
}
