using System.Security.Cryptography;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Slots;

namespace Grains.Silo.Cluster;

/// <summary>What is fixed at the cluster's first start, and must be known before any partition runs.</summary>
[GenerateSerializer, Immutable, Alias("grains.cluster-settings")]
public sealed record ClusterSettings
{
    public const int PartitionsDefault = 64;

    private const int _secretBytes = 32;

    [Id(0)] public required string ClusterId { get; init; }

    /// <summary>Records are written at this level, by every server, whatever it knows beyond.</summary>
    [Id(1)] public required int FormatLevel { get; init; }

    [Id(2)] public required int Partitions { get; init; }

    [Id(3)] public required StoredSlotRange[] Slots { get; init; }

    [Id(4)] public required string Namespace { get; init; }

    [Id(5)] public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Grows with every change.</summary>
    [Id(6)] public long Version { get; init; } = 1;

    /// <summary>Names of servers that are to have no partitions, until somebody says otherwise.</summary>
    [Id(7)] public string[] Drained { get; init; } = [];

    /// <summary>From where data is being put in, as long as it is not all there and compared.</summary>
    [Id(8)] public string? Restoring { get; init; }

    /// <summary>
    /// What delivery ids are sealed with; null = the cluster is older, and seals none until its format is raised. Known
    /// to servers only, and in no backup.
    /// </summary>
    [Id(9)] public byte[]? DeliverySecret { get; init; }

    /// <summary>
    /// Why nothing is pushed and no timer fires: this is a copy of a cluster that may still be at work. Null = all goes
    /// on.
    /// </summary>
    [Id(10)] public string? Paused { get; init; }

    /// <summary>Every partition was served once: from then on a journal that lacks one has lost it.</summary>
    [Id(11)] public bool Begun { get; init; }

    public static ClusterSettings New(int partitions, DateTimeOffset now) => new()
    {
        ClusterId = Guid.NewGuid().ToString("N"),
        FormatLevel = FormatLevels.Newest,
        Partitions = partitions,
        Slots =
        [
            .. SlotMap.Even(partitions).ToRanges().Select(r => new StoredSlotRange(r.First, r.Last, r.Partition.Value))
        ],
        Namespace = "default",
        CreatedAt = now,
        DeliverySecret = DrawSecret(),
    };

    public static byte[] DrawSecret() => RandomNumberGenerator.GetBytes(_secretBytes);

    public SlotMap ToSlotMap() =>
        SlotMap.FromRanges(Slots.Select(r => new SlotRange(r.First, r.Last, new(r.Partition))));

    /// <param name="partitionsAsked">Null = whatever is stored.</param>
    /// <exception cref="ClusterSettingsException">This server must not run with these settings.</exception>
    public void CheckFor(int? partitionsAsked)
    {
        if (Restoring is { } from)
        {
            throw new ClusterSettingsException(
                $"The data is being restored from {from}, or that was interrupted. Wait for its end, or repeat it "
                + "with the same words; "
                + "no server may run before it has ended well.");
        }

        if (FormatLevel > FormatLevels.Newest)
        {
            throw new ClusterSettingsException(
                $"The data is at format level {FormatLevel}; this version knows up to {FormatLevels.Newest}. "
                + "Start the version that wrote it, or a newer one.");
        }

        if (partitionsAsked is { } asked && asked != Partitions)
        {
            throw new ClusterSettingsException(
                $"The data was created with {Partitions} partitions, {asked} were asked for. The number is fixed at "
                + "the first start: "
                + $"leave --partitions out or say {Partitions}; for another number start with an empty data folder.");
        }
    }
}

/// <summary>Slots <paramref name="First"/> to <paramref name="Last"/>, both included, live in one partition.</summary>
[GenerateSerializer, Immutable, Alias("grains.stored-slot-range")]
public readonly record struct StoredSlotRange(
    [property: Id(0)] int First, [property: Id(1)] int Last, [property: Id(2)] uint Partition);

/// <summary>
/// The stored settings forbid this server to run. The message says what is stored, what was asked, what to do.
/// </summary>
public sealed class ClusterSettingsException(string message) : Exception(message);
