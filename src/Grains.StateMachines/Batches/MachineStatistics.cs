using Grains.StateMachines.Ids;

namespace Grains.StateMachines.Batches;

/// <summary>What a partition holds, durable unless said otherwise.</summary>
[GenerateSerializer, Immutable, Alias("grains.machine-statistics")]
public sealed record MachineStatistics
{
    [Id(0)] public required Revision Revision { get; init; }
    [Id(1)] public required Epoch Epoch { get; init; }
    [Id(2)] public int Keys { get; internal set; }
    [Id(3)] public int Nodes { get; internal set; }

    /// <summary>Waiting and dead.</summary>
    [Id(4)] public int Messages { get; internal set; }
    [Id(5)] public int OutboxEntries { get; internal set; }

    /// <summary>What counts against the partition's budget.</summary>
    [Id(6)] public required long Bytes { get; init; }

    /// <summary>In memory only.</summary>
    [Id(7)] public int OpenDeliveries { get; internal set; }

    /// <summary>In memory only.</summary>
    [Id(8)] public int WaitingReceives { get; internal set; }

    /// <summary>Messages that this owner has let expire.</summary>
    [Id(9)] public long Expired { get; internal set; }

    /// <summary>Timers whose time has come and that this server cannot read.</summary>
    [Id(10)] public int TimersUnreadable { get; internal set; }

    /// <summary>Timers whose time has come, and that wait for the message of their last firing to be over.</summary>
    [Id(11)] public int TimersHeld { get; internal set; }

    /// <summary>Timers whose time has come, and that wait for room in the partition; counted up to a bound.</summary>
    [Id(12)] public int TimersWithoutRoom { get; internal set; }
}
