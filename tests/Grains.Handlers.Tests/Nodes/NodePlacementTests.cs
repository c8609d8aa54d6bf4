using System.Net;
using Grains.Handlers.Nodes;
using Grains.Handlers.Runs;
using Grains.Handlers.Servers;

namespace Grains.Handlers.Tests.Nodes;

public sealed class NodePlacementTests
{
    private static readonly SiloAddress[] _servers =
        [.. Enumerable.Range(1, 4).Select(i => SiloAddress.New(IPAddress.Loopback, i, 1))];

    [Fact]
    public void A_node_stays_where_it_is_asked_for_while_that_server_is_about_as_busy_as_the_others()
    {
        for (int seed = 0; seed < 100; seed++)
        {
            Assert.Equal(_servers[0], Choose(seed, 8, 0, 0, 0));
        }
    }

    [Fact]
    public void From_a_busy_server_it_goes_to_another_and_the_busiest_of_those_is_hardly_taken()
    {
        var taken = new Dictionary<SiloAddress, int>();
        for (int seed = 0; seed < 1_000; seed++)
        {
            SiloAddress server = Choose(seed, 100, 10, 20, 30);
            taken[server] = taken.GetValueOrDefault(server) + 1;
        }

        Assert.True(taken.GetValueOrDefault(_servers[1]) > taken.GetValueOrDefault(_servers[3]));
        Assert.InRange(taken.GetValueOrDefault(_servers[0]), 0, 120);
    }

    [Fact]
    public void Where_this_server_cannot_one_that_can_is_taken()
    {
        ServerLoad[] able = [new(_servers[1], 500)];
        Assert.Equal(_servers[1], NodePlacementDirector.Choose(able, _servers[0], new Random(1)));
    }

    [Theory]
    [InlineData("hosted/counter/a/b", "counter")]
    [InlineData("push/greeter/x", null)]
    public void The_key_of_a_node_says_whether_only_some_servers_can_run_it(string key, string? hosted) =>
        Assert.Equal(hosted, NodeKey.HostedService(key));

    private static SiloAddress Choose(int seed, params int[] loads) => NodePlacementDirector.Choose(
        [.. loads.Select((load, i) => new ServerLoad(_servers[i], load))], _servers[0], new Random(seed));
}
