using System.Net;
using Grains.Silo.Cluster;
using Grains.Silo.Loops;
using Grains.Silo.Ownership;
using Grains.Silo.Partitions;
using Grains.Silo.Routing;
using Grains.Simulation.Tests.Workload;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Microsoft.Extensions.Logging.Abstractions;

namespace Grains.Simulation.Tests.World;

/// <summary>One server's real router and real hand-overs, on its lane and its clock.</summary>
internal sealed class FrontEnd
{
    /// <summary>A router names a command anew at most this often.</summary>
    private const long _namesMax = 3;

    private readonly SimServer _server;
    private readonly SimWorld _world;
    private readonly PartitionRouter _router;
    private readonly HandOvers _handOvers;

    public FrontEnd(SimServer server, SimWorld world)
    {
        _server = server;
        _world = world;
        var settings = new ClusterSettingsView();
        settings.Publish(world.Settings);
        Owners = new PartitionOwners(new SimMembers(world), settings, world.Leaving);
        IGrainFactory grains = SimGrains.Of(server, world);
        var services = new SimServices(world);
        _router = new PartitionRouter(
            grains, Local, Owners, new PartitionReadiness(settings), world.Plan.Router, server.Time,
            world.Kernel.Random);
        // Only the keeper and the watch on the journal look at the membership, and they do not run here.
        var peers = new ClusterPeers(server.Name, server.Address, null!, world.Leaving, services);
        _handOvers = new HandOvers(
            grains, Local, Owners, peers, new KeeperOptions { HandOverMsMax = world.Plan.HandOverMsMax }, server.Time,
            NullLogger<HandOvers>.Instance);
    }

    public static SiloAddress NewAddress(int life) => SiloAddress.New(IPAddress.Loopback, 11_111, life);

    public LocalPartitions Local { get; } = new();

    public PartitionOwners Owners { get; }

    /// <summary>A client's request by way of this server; not known in the end, if the server dies under it.</summary>
    public Task<Outcome> CallAsync(PartitionId partition, Command command, int patienceMs)
    {
        var outcome = new TaskCompletionSource<Outcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        long callNs = _world.Kernel.NowNs;
        _world.Count("calls by a router");
        _world.Kernel.Ready(_server.Lane, () => _ = RouteAsync());
        _world.After(patienceMs, () => outcome.TrySetResult(new Outcome(null, true)));
        return outcome.Task;

        async Task RouteAsync()
        {
            Outcome known;
            try
            {
                Answer answer = await _router.ExecuteAsync(partition, command, CancellationToken.None);
                known = Interpret(answer);
                _world.After(0, () => _world.Network.Seen(partition, callNs, command, answer));
            }
            catch (PartitionUnavailableException e)
            {
                _world.Count("calls by a router without an answer");
                known = new Outcome(null, !e.OutcomeKnown);
            }
            catch (Exception e)
            {
                _world.Violation($"the router of {_server.Name} failed at {command.GetType().Name}: {e}");
                known = new Outcome(null, true);
            }

            long tookMs = (_world.Kernel.NowNs - callNs) / 1_000_000;
            _server.CheckPromise($"a {command.GetType().Name} to {partition} by its router", tookMs,
                command.WaitMs + (_namesMax * _world.Plan.RouterMsMax));
            _world.After(_world.Kernel.Random.Next(0, 5), () => outcome.TrySetResult(known));
        }
    }

    /// <summary>In good order everything to others, as a server does that is about to stop; this one goes on.</summary>
    public async Task LeaveAsync()
    {
        if (_world.Leaving.Contains(_server.Address))
        {
            return;
        }

        _world.Leaving.Add(_server.Address);
        _world.Count("servers left in good order");
        for (int rounds = 0; rounds < 5 && Local.Count > 0; rounds++)
        {
            if (await _handOvers.GiveAsync(CancellationToken.None))
            {
                _world.Count("hand-overs of all");
            }
        }

        _world.Leaving.Remove(_server.Address);
    }

    private static Outcome Interpret(Answer answer) => answer switch
    {
        Refused { IsUncertain: true } => new Outcome(null, true),
        Refused { Code: Refusal.NotStored or Refusal.Overloaded or Refusal.CommandTooOld } => new Outcome(null, false),
        _ => new Outcome(answer, true),
    };
}
