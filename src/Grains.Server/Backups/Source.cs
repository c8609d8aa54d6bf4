using Grains.Journal.Images;
using Grains.Silo.Cluster;

namespace Grains.Server.Backups;

/// <summary>What is put in.</summary>
/// <param name="Name">For people, and for recognising a repeat.</param>
/// <param name="Settings">Of the cluster that comes to be.</param>
/// <param name="ForkedAtMs">
/// The time in the marked epoch records: one that belongs to the source, so that a repeat writes the same bytes.
/// </param>
/// <param name="Image">The whole, from its beginning, each time it is asked for.</param>
internal sealed record Source(
    string Name, ClusterSettings Settings, long ForkedAtMs, Func<CancellationToken, IAsyncEnumerable<ImagePart>> Image);
