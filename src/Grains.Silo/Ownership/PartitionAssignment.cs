using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using Grains.StateMachines.Ids;

namespace Grains.Silo.Ownership;

/// <summary>
/// Which server each partition belongs to: a pure function of the servers' names and the partitions, so that servers
/// with the same view agree without talking. Rendezvous hashing with a bound on the count per server.
/// </summary>
/// <remarks>
/// Every (partition, server) pair has a weight; pairs are taken from the heaviest down where the partition is still
/// free and the server below its bound. A server more or less moves little beside its own share.
/// </remarks>
public static class PartitionAssignment
{
    /// <summary>
    /// A server carries at most this many times the mean, rounded down, and never less than the mean.
    /// </summary>
    public const double LoadMax = 1.25;

    public static IReadOnlyDictionary<PartitionId, string> Compute(
        IEnumerable<string> servers, IReadOnlyCollection<PartitionId> partitions)
    {
        string[] names = [.. servers.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        if (names.Length == 0)
        {
            return new Dictionary<PartitionId, string>();
        }

        double mean = (double)partitions.Count / names.Length;
        int bound = Math.Max((int)Math.Ceiling(mean), (int)Math.Floor(mean * LoadMax));
        var counts = new int[names.Length];
        var owners = new Dictionary<PartitionId, string>(partitions.Count);
        foreach ((ulong _, PartitionId partition, int server) in Pairs(names, partitions))
        {
            if (counts[server] < bound && owners.TryAdd(partition, names[server]))
            {
                counts[server]++;
            }
        }

        return owners;
    }

    private static IEnumerable<(ulong Weight, PartitionId Partition, int Server)> Pairs(
        string[] names, IReadOnlyCollection<PartitionId> partitions) =>
        partitions
            .SelectMany(p => names.Select((name, server) => (Weight: Weight(name, p), Partition: p, Server: server)))
            .OrderByDescending(pair => pair.Weight).ThenBy(pair => pair.Partition).ThenBy(pair => pair.Server);

    private static ulong Weight(string server, PartitionId partition)
    {
        byte[] bytes = new byte[4 + Encoding.UTF8.GetByteCount(server)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, partition.Value);
        Encoding.UTF8.GetBytes(server, bytes.AsSpan(4));
        return XxHash3.HashToUInt64(bytes);
    }
}
