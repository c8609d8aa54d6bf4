using System.Text;
using Grains.Silo.Cluster;

namespace Grains.Silo.Backups;

/// <summary>
/// What a backup says of itself: when, of which cluster, and what must be settled before its partitions can run.
/// </summary>
/// <param name="TakenAtMs">When it began, ms since 1970.</param>
/// <param name="Settings">The cluster's, as of then; which servers were drained is not kept.</param>
public sealed record BackupHeader(long TakenAtMs, ClusterSettings Settings)
{
    private const int _rangesMax = 1 << 14;

    public DateTimeOffset TakenAt => DateTimeOffset.FromUnixTimeMilliseconds(TakenAtMs);

    /// <summary>What a browser or curl -OJ calls the file.</summary>
    public string FileName =>
        $"grains-{Settings.ClusterId[..Math.Min(8, Settings.ClusterId.Length)]}-{TakenAt:yyyyMMdd'T'HHmmss'Z'}.backup";

    /// <summary>Little-endian; texts are UTF-8 behind their length.</summary>
    public byte[] Encode()
    {
        using MemoryStream bytes = new();
        using BinaryWriter to = new(bytes, Encoding.UTF8);
        to.Write(TakenAtMs);
        to.Write(Settings.ClusterId);
        to.Write(Settings.Namespace);
        to.Write(Settings.CreatedAt.ToUnixTimeMilliseconds());
        to.Write(Settings.FormatLevel);
        to.Write(Settings.Partitions);
        to.Write(Settings.Slots.Length);
        foreach (StoredSlotRange range in Settings.Slots)
        {
            to.Write(range.First);
            to.Write(range.Last);
            to.Write(range.Partition);
        }

        to.Flush();
        return bytes.ToArray();
    }

    /// <exception cref="FormatException">It is not what was written.</exception>
    public static BackupHeader Decode(byte[] bytes)
    {
        using BinaryReader from = new(new MemoryStream(bytes), Encoding.UTF8);
        try
        {
            long takenAtMs = from.ReadInt64();
            ClusterSettings settings = new()
            {
                ClusterId = from.ReadString(),
                Namespace = from.ReadString(),
                CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(from.ReadInt64()),
                FormatLevel = from.ReadInt32(),
                Partitions = from.ReadInt32(),
                Slots = ReadSlots(from),
            };
            return new BackupHeader(takenAtMs, settings);
        }
        catch (Exception e) when (e is EndOfStreamException or ArgumentException)
        {
            throw new FormatException($"A header of {bytes.Length} bytes cannot be read.", e);
        }
    }

    private static StoredSlotRange[] ReadSlots(BinaryReader from)
    {
        int count = from.ReadInt32();
        if (count is < 0 or > _rangesMax)
        {
            throw new FormatException(
                $"A header with {count} ranges of slots cannot be read; there are at most {_rangesMax}.");
        }

        StoredSlotRange[] slots = new StoredSlotRange[count];
        for (int i = 0; i < count; i++)
        {
            slots[i] = new StoredSlotRange(from.ReadInt32(), from.ReadInt32(), from.ReadUInt32());
        }

        return slots;
    }
}
