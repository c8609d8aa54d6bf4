using Grains.StateMachines.Ids;

namespace Grains.StateMachines.Batches;

/// <summary>It is done, at this revision.</summary>
[GenerateSerializer, Immutable, Alias("grains.done")]
public sealed record Done([property: Id(0)] Revision Revision) : Answer
{
    /// <summary>For a repeat of what was done.</summary>
    internal static Done Again(AppliedCommand done) => new(new Revision(done.Revision));
}
