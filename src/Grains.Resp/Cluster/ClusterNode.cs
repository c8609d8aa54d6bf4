using System.Security.Cryptography;
using System.Text;
using Grains.StateMachines.Slots;

namespace Grains.Resp.Cluster;

/// <summary>A server as clients of Redis Cluster are told of it.</summary>
/// <param name="Server">Its name.</param>
/// <param name="Host">Where clients reach it.</param>
/// <param name="IsSelf">The one that is asked.</param>
internal sealed record ClusterNode(string Server, string Host, int Port, bool IsSelf)
{
    /// <summary>Forty hexadecimal digits: all servers say the same of one, at each start.</summary>
    public string Id => IdOf(Server, Host, Port);

    /// <summary>Its runs of slots, in order.</summary>
    public List<(int First, int Last)> Slots { get; } = [];

    public static string IdOf(string server, string host, int port) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{server} {host}:{port}")))[..40];

    /// <summary>The next run.</summary>
    public void Add(SlotRange range)
    {
        if (Slots.Count > 0 && Slots[^1].Last == range.First - 1)
        {
            Slots[^1] = (Slots[^1].First, range.Last);
        }
        else
        {
            Slots.Add((range.First, range.Last));
        }
    }
}
