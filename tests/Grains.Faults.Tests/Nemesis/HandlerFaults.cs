using Grains.Faults.Tests.World;

namespace Grains.Faults.Tests.Nemesis;

/// <summary>
/// Kills a server, kills the handlers, or freezes them for longer than they may take: one after another, a server first
/// and then at least every third time.
/// </summary>
/// <param name="seed">Which, and when.</param>
/// <param name="timesMax">Then nothing more is broken, and all work comes to its end.</param>
/// <param name="backup">
/// Takes one, whole, of this server: one that a kill breaks off proves nothing. In a cluster it is taken while nobody
/// has the partitions of the first one that was killed.
/// </param>
internal sealed class HandlerFaults(
    int seed, int timesMax, IReadOnlyList<ServerProcess> servers, HandlerProcess handlers, Func<ServerProcess,
    Task> backup)
{
    private const int _aServerEvery = 3;
    private static readonly TimeSpan _frozen = TimeSpan.FromSeconds(2);

    private readonly Random _random = new(seed);
    private readonly RandomMoments _moments = new(seed);
    private int _serversKilled;
    private int _handlersKilled;
    private int _handlersFrozen;

    public int Count => _serversKilled + _handlersKilled + _handlersFrozen;

    public string Figures =>
        $"servers killed {_serversKilled} times, handlers killed {_handlersKilled} times, frozen {_handlersFrozen} "
        + "times";

    /// <summary>Everything runs again when it returns; two servers were killed, whenever it is stopped.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (Count < timesMax && !(stop.IsCancellationRequested && Count > _aServerEvery))
        {
            switch (Count % _aServerEvery == 0 ? 0 : _random.Next(3))
            {
                case 0:
                    await KillServerAsync(_random.Next(servers.Count));
                    break;
                case 1:
                    handlers.Kill();
                    _handlersKilled++;
                    await _moments.NextAsync();
                    await handlers.StartAsync();
                    break;
                default:
                    handlers.Freeze();
                    _handlersFrozen++;
                    await Task.Delay(_frozen, CancellationToken.None);
                    handlers.Thaw();
                    break;
            }

            await _moments.NextAsync();
            await Task.WhenAll(servers.Where(s => !s.IsRunning).Select(s => s.StartAsync()));
        }
    }

    private async Task KillServerAsync(int victim)
    {
        bool isFirst = _serversKilled++ == 0;
        if (isFirst && servers.Count == 1)
        {
            await backup(servers[victim]);
            await _moments.NextAsync();
        }

        servers[victim].Kill();
        if (isFirst && servers.Count > 1)
        {
            await backup(servers[(victim + 1) % servers.Count]);
        }

        await servers[victim].StartAsync();
    }
}
