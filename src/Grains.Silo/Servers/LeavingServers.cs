using System.Collections.Concurrent;
using Orleans.Runtime;

namespace Grains.Silo.Servers;

/// <summary>
/// Servers that said that they are about to stop: active still, but not to be given partitions. Each is remembered for
/// its one life, which its address names. Any thread.
/// </summary>
internal sealed class LeavingServers
{
    private readonly ConcurrentDictionary<SiloAddress, bool> _addresses = new();

    public bool Contains(SiloAddress server) => _addresses.ContainsKey(server);

    public void Add(SiloAddress server) => _addresses[server] = true;

    /// <summary>Those that are gone need no remembering.</summary>
    public void KeepOnly(IEnumerable<SiloAddress> active)
    {
        foreach (SiloAddress gone in _addresses.Keys.Except(active))
        {
            _addresses.TryRemove(gone, out _);
        }
    }
}
