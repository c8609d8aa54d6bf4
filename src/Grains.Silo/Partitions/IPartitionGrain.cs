using Grains.StateMachines.Batches;
using Grains.StateMachines.Codecs;
using Grains.StateMachines.Ids;

namespace Grains.Silo.Partitions;

/// <summary>
/// One partition. Its key is <c>p-</c> and the number: storage would read digits alone as hexadecimal.
/// </summary>
[Alias("grains.partition")]
public interface IPartitionGrain : IGrainWithStringKey
{
    /// <summary>Queues the commands and answers them together; never waits for messages to arrive.</summary>
    [Alias("execute"), ResponseTimeout("00:00:15")]
    Task<AnswerBatch> Execute(CommandBatch batch);

    /// <summary>One command that may wait; cancelling it lets the partition forget it.</summary>
    [Alias("wait"), ResponseTimeout("00:01:30")]
    Task<Answer> Wait(Command command, CancellationToken cancel);

    /// <summary>Makes sure that somebody owns the partition, and waits a while for it.</summary>
    [Alias("activate"), ResponseTimeout("00:00:10")]
    Task<PartitionReport> Activate();

    /// <summary>How the partition is, without waiting.</summary>
    [Alias("describe"), ResponseTimeout("00:00:05")]
    Task<PartitionReport> Describe();
}

/// <summary>Keys of partition grains.</summary>
public static class PartitionKey
{
    /// <summary>
    /// Named, not looked up: a server finds the way also while no server that it knows has the class.
    /// </summary>
    public const string TypeName = "partition";

    private static readonly GrainType _type = GrainType.Create(TypeName);

    public static string Of(PartitionId id) => $"p-{id.Value}";

    public static PartitionId Parse(ReadOnlySpan<char> key) =>
        key.StartsWith("p-") && WholeNumber.TryParse(key[2..], uint.MaxValue, out long value)
            ? new PartitionId((uint)value)
            : throw new ArgumentException($"'{key}' is not the key of a partition; expected p-0, p-1, ….");

    public static IPartitionGrain GetPartition(this IGrainFactory grains, PartitionId id) =>
        grains.GetGrain<IPartitionGrain>(GrainId.Create(_type, Of(id)));
}
