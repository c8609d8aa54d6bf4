using Grains.StateMachines.Ids;
using Orleans.Runtime.Services;
using Orleans.Services;

namespace Grains.Silo.Ownership;

/// <summary>What servers ask each other by address, whatever grains run where.</summary>
[Alias("grains.server")]
internal interface IServerService : IGrainService
{
    /// <summary>Reads a partition ahead that this server is about to be given. Returns how long that took.</summary>
    [Alias("preload"), ResponseTimeout("00:01:00")]
    Task<TimeSpan> Preload(PartitionId partition);

    /// <summary>That server is about to stop, or cut off, and is to be given no partition from now on.</summary>
    [Alias("leaving"), ResponseTimeout("00:00:02")]
    Task Leaving(SiloAddress server);

    /// <summary>That server was cut off and is so no more: it may be given partitions again.</summary>
    [Alias("returned"), ResponseTimeout("00:00:02")]
    Task Returned(SiloAddress server);

    /// <summary>Asks the journal something, now. False: it did not answer in time.</summary>
    [Alias("reaches-journal"), ResponseTimeout("00:00:02")]
    Task<bool> ReachesJournal();

    /// <summary>The cluster's settings were changed: read them again, now.</summary>
    [Alias("settings-changed"), ResponseTimeout("00:00:05")]
    Task SettingsChanged();

    [Alias("describe"), ResponseTimeout("00:00:02")]
    Task<ServerReport> Describe();

    /// <summary>What it serves, and where clients reach it.</summary>
    [Alias("serves"), ResponseTimeout("00:00:02")]
    Task<ServedPartitions> Serves();
}

/// <summary>The way to a server by its address.</summary>
internal interface IServerServiceClient : IGrainServiceClient<IServerService>
{
    IServerService At(SiloAddress server);
}

internal sealed class ServerServiceClient(IServiceProvider services)
    : GrainServiceClient<IServerService>(services), IServerServiceClient
{
    public IServerService At(SiloAddress server) => GetGrainService(server);
}
