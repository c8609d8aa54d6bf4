using Grains.Faults.Tests.World;

namespace Grains.Faults.Tests;

/// <summary>One cluster for the tests of this collection, which take it one after another and leave it whole.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class ClusterFixture : ICollectionFixture<ClusterFixture>, IAsyncLifetime
{
    public const string Name = "cluster";

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
