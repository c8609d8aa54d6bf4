using Grains.Faults.Tests.World;

namespace Grains.Faults.Tests;

/// <summary>
/// One cluster for the tests of a collection, which take it one after another and leave it whole. There are two
/// collections, so that two laps of faults wait beside each other.
/// </summary>
public sealed class ClusterFixture : IAsyncLifetime
{
    /// <summary>The collection in which servers die, freeze or leave.</summary>
    public const string OfServers = "a cluster whose servers die";

    /// <summary>The collection in which the network is cut, or the database goes away.</summary>
    public const string OfCuts = "a cluster that is cut";

    private ClusterWorld? _world;
    private bool _isWhole;

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _world is null ? Task.CompletedTask : _world.DisposeAsync().AsTask();

    /// <summary>Three servers that run. A cluster that a test left broken is replaced.</summary>
    internal async Task<ClusterWorld> TakeAsync()
    {
        if (!_isWhole)
        {
            await DisposeAsync();
            _world = null;
            _world = await ClusterWorld.StartAsync();
        }

        _isWhole = false;
        return _world!;
    }

    /// <summary>The test has put right what it broke. Not one server may be missing.</summary>
    internal void GiveBack()
    {
        foreach (ServerProcess server in _world!.Servers)
        {
            server.MustLive();
        }

        _isWhole = true;
    }
}

[CollectionDefinition(ClusterFixture.OfServers)]
public sealed class ServersCollection : ICollectionFixture<ClusterFixture>;

[CollectionDefinition(ClusterFixture.OfCuts)]
public sealed class CutsCollection : ICollectionFixture<ClusterFixture>;
