using Grains.StateMachines.Batches;

namespace Grains.Silo.Partitions;

/// <summary>
/// There was no owner to answer: it never was one, or lost the partition first. Travels between servers only; the
/// router repeats the command or reports <see cref="PartitionUnavailableException"/>.
/// </summary>
/// <param name="MayHaveHappened">False = certainly nothing of the command took effect.</param>
/// <param name="Why">For people.</param>
[GenerateSerializer, Immutable, Alias("grains.not-owner")]
public sealed record NotOwner([property: Id(0)] bool MayHaveHappened, [property: Id(1)] string Why) : Answer;
