using Grains.StateMachines.Batches;

namespace Grains.Silo.Partitions;

/// <summary>Commands of one server for one partition, in the order in which they are to be queued.</summary>
[GenerateSerializer, Immutable, Alias("grains.command-batch")]
public sealed record CommandBatch([property: Id(0)] Command[] Commands);

/// <summary>The answers, in the order of the commands.</summary>
[GenerateSerializer, Immutable, Alias("grains.answer-batch")]
public sealed record AnswerBatch([property: Id(0)] Answer[] Answers);
