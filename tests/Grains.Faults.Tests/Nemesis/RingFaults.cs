using Grains.Faults.Tests.World;

namespace Grains.Faults.Tests.Nemesis;

/// <summary>
/// Kills a server, kills the handlers, or freezes them for longer than they may take: one after another, a server first.
/// </summary>
/// <param name="seed">Which, and when.</param>
/// <param name="timesMax">Then nothing more is broken, and the rings come home.</param>
internal sealed class RingFaults(int seed, int timesMax, IReadOnlyList<ServerProcess> servers, HandlerProcess handlers)
{
    private static readonly TimeSpan _frozen = TimeSpan.FromSeconds(2);

    private readonly Random _random = new(seed);
    private readonly RandomMoments _moments = new(seed);
    private int _serversKilled;
    private int _handlersKilled;
    private int _handlersFrozen;

    public int Count => _serversKilled + _handlersKilled + _handlersFrozen;

    public string Figures =>
        $"servers killed {_serversKilled} times, handlers killed {_handlersKilled} times, frozen {_handlersFrozen} times";

    /// <summary>Everything runs again when it returns.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested && Count < timesMax)
        {
            switch (Count == 0 ? 0 : _random.Next(3))
            {
                case 0:
                    ServerProcess victim = servers[_random.Next(servers.Count)];
                    victim.Kill();
                    _serversKilled++;
                    await victim.StartAsync();
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
}
