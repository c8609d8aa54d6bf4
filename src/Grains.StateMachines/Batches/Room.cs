namespace Grains.StateMachines.Batches;

/// <summary>
/// What one batch may add to the memory of its process, beside the budget of its partition. It decides only what is
/// accepted: records are applied whatever room there is (rule 10).
/// </summary>
/// <param name="GrowthBytes">A change that grows is refused once the batch has grown by so much.</param>
/// <param name="TakesTransfers">
/// Messages of other partitions are taken. They exist already: here or in their outbox they cost the same.
/// </param>
public readonly record struct Room(long GrowthBytes, bool TakesTransfers)
{
    /// <summary>As much as the partition's own budget allows.</summary>
    public static readonly Room Unlimited = new(long.MaxValue, TakesTransfers: true);
}
