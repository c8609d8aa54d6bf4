using System.Collections.Immutable;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;

namespace Grains.StateMachines.Deliveries;

/// <summary>
/// A server's standing question, one a partition: which of the services that it runs have something that could be
/// handed out, and nobody who waits for it? Answered by <see cref="WorkFound"/> as soon as there is one, or when the
/// wait is over; a former question is answered then too. A service that was named is not named again before somebody
/// receives from it: who is told must receive. Who lost an answer asks with everything unseen.
/// </summary>
[GenerateSerializer, Immutable, Alias("grains.find-work")]
public sealed record FindWork : Command
{
    /// <summary>Those that are run. Shared by all partitions of a server: it costs each nothing.</summary>
    [Id(0)] public required ImmutableHashSet<ServiceId> Services { get; init; }

    /// <summary>Those of them of which is not known what came before.</summary>
    [Id(1)] public required ServiceId[] Unseen { get; init; }

    [Id(2)] public override long WaitMs { get; init; }

    public override bool MayRunTwice => true;

    public override bool WaitsInside => true;
}

/// <summary>Some node of each of these services had something, at least a moment ago; perhaps of none.</summary>
[GenerateSerializer, Immutable, Alias("grains.work-found")]
public sealed record WorkFound([property: Id(0)] ServiceId[] Services) : Answer;
