using Grains.Silo.Ownership;
using Grains.StateMachines.Ids;
using Microsoft.Extensions.DependencyInjection;

namespace Grains.Resp.Tests.World;

/// <summary>
/// This server is "b" of a cluster, and serves what a test says; what the others say comes from the test.
/// </summary>
internal sealed class OtherServers
{
    private readonly HashSet<PartitionId> _here = [];

    public OtherServers(params uint[] here)
    {
        Serve(here);
        Doors = new PartitionDoors(new ServingHere("b", _here.Contains, () => [.. _here], () => IsLeaving, false));
    }

    public PartitionDoors Doors { get; }

    public bool IsLeaving { get; set; }

    public void Serve(params uint[] here)
    {
        _here.Clear();
        _here.UnionWith(here.Select(p => new PartitionId(p)));
    }

    public void Say(params ServedPartitions[] others) => Doors.Hear(others);

    public static ServedPartitions Server(string name, int port, params uint[] partitions) => new()
    {
        Server = name,
        Door = port == 0 ? null : new ClientDoor("10.0.0.1", port),
        Partitions = [.. partitions.Select(p => new PartitionId(p))],
    };

    public Task<RespServer> StartAsync(Action<RespOptions>? configure = null) =>
        RespServer.StartAsync(configure: configure, more: services => services.AddSingleton(Doors));
}
