using Grains.StateMachines.Ids;

namespace Grains.Journal;

/// <summary>The newest record of a partition: its last revision and the hash of everything up to it.</summary>
public readonly record struct JournalTail(Revision Revision, UInt128 Chain)
{
    /// <summary>A partition that was never acquired.</summary>
    public static readonly JournalTail Empty;

    public override string ToString() => $"{Revision}#{Chain:x32}";
}
