using Grains.Journal;
using Grains.Journal.Images;
using Grains.Silo.Cluster;

namespace Grains.Server.Backups;

/// <summary>
/// Where a cluster's data is, or is to be, while no server runs on it: a folder, or a schema of a Postgres.
/// </summary>
internal interface IDataPlace : IAsyncDisposable
{
    /// <summary>For people.</summary>
    string Name { get; }

    /// <summary>The journal; in a folder it keeps servers out as long as it is open.</summary>
    Task<IJournal> OpenJournalAsync(CancellationToken cancel);

    /// <summary>Everything or nothing, where nothing is; no journal of it is open.</summary>
    Task<ImageTotals> ImportAsync(IAsyncEnumerable<ImagePart> parts, long nowMs, CancellationToken cancel);

    /// <summary>What was put in belongs to these settings from now on; before they are taken for whole.</summary>
    Task BindAsync(ClusterSettings settings, CancellationToken cancel);

    /// <summary>Makes the store of the cluster's settings known to a silo.</summary>
    void AddSettings(ISiloBuilder silo);
}
