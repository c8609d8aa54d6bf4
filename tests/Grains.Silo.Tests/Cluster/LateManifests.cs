using System.Threading.Channels;
using Orleans.Metadata;

namespace Grains.Silo.Tests.Cluster;

/// <summary>Knows what other servers have some time after them, as where it is fetched from a busy one.</summary>
internal sealed class LateManifests : IClusterManifestProvider
{
    private readonly IClusterManifestProvider _known;
    private readonly Channel<ClusterManifest> _updates = Channel.CreateUnbounded<ClusterManifest>();
    private volatile ClusterManifest _current;

    public LateManifests(IClusterManifestProvider known, TimeSpan late)
    {
        _known = known;
        _current = known.Current;
        _ = Task.Run(async () =>
        {
            await foreach (ClusterManifest manifest in known.Updates)
            {
                await Task.Delay(late);
                _current = manifest;
                _updates.Writer.TryWrite(manifest);
            }
        });
    }

    public ClusterManifest Current => _current;

    public IAsyncEnumerable<ClusterManifest> Updates => _updates.Reader.ReadAllAsync();

    public GrainManifest LocalGrainManifest => _known.LocalGrainManifest;
}
