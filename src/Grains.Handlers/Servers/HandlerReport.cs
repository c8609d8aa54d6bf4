namespace Grains.Handlers.Servers;

/// <summary>One server's handlers as it sees them.</summary>
[GenerateSerializer, Immutable, Alias("grains.handler-report")]
internal sealed record HandlerReport
{
    /// <summary>Deliveries that handlers of this server work on.</summary>
    [Id(0)] public required int InFlight { get; init; }

    /// <summary>Services that it has a class for.</summary>
    [Id(1)] public required string[] Hosted { get; init; }

    /// <summary>Services whose deliveries it takes out of its partitions.</summary>
    [Id(2)] public required DispatchReport[] Dispatched { get; init; }

    /// <summary>Nodes may be given to it: it can run them, and is not about to stop.</summary>
    [Id(3)] public required bool TakesNodes { get; init; }

    /// <summary>Where it listens: no request is pushed there. A server of an earlier version does not say.</summary>
    [Id(4)] public string[]? Listening { get; init; }
}

/// <summary>One service's deliveries, as the server that takes them out of its partitions sees them.</summary>
[GenerateSerializer, Immutable, Alias("grains.dispatch-report")]
internal sealed record DispatchReport
{
    [Id(0)] public required string Service { get; init; }

    [Id(1)] public required int InFlight { get; init; }

    /// <summary>Why nothing is taken out now; null = it is.</summary>
    [Id(2)] public string? Suspended { get; init; }

    /// <summary>Why a delivery was not handled, or what its handler said was ignored, the last time.</summary>
    [Id(3)] public string? LastTrouble { get; init; }
}

/// <summary>How busy a server is.</summary>
internal sealed record ServerLoad(Orleans.Runtime.SiloAddress Server, int InFlight);
