using System.Collections.Concurrent;

namespace Grains.Silo.Ownership;

/// <summary>
/// Servers that said that they are about to stop, or are cut off from the journal: active still, but not to be given
/// partitions. Each is remembered until it says otherwise, or for its one life, which its address names. Any thread.
/// </summary>
internal sealed class LeavingServers
{
    private readonly ConcurrentDictionary<SiloAddress, bool> _addresses = new();

    /// <summary>Told after a server may be given partitions again.</summary>
    public event Action? Returned;

    public bool Contains(SiloAddress server) => _addresses.ContainsKey(server);

    public void Add(SiloAddress server) => _addresses[server] = true;

    public void Remove(SiloAddress server)
    {
        if (_addresses.TryRemove(server, out _))
        {
            Returned?.Invoke();
        }
    }

    /// <summary>Those that are gone need no remembering.</summary>
    public void KeepOnly(IEnumerable<SiloAddress> active)
    {
        foreach (SiloAddress gone in _addresses.Keys.Except(active))
        {
            _addresses.TryRemove(gone, out _);
        }
    }
}
