using Grains.Api.Cluster;
using Grains.Api.Json;
using Grains.Api.Problems;
using Grains.FrontEnd.Access;
using Grains.FrontEnd.Paths;
using Grains.FrontEnd.Problems;
using Grains.FrontEnd.Requests;
using Grains.FrontEnd.Routes;
using Grains.Silo.Ownership;
using Grains.Silo.Partitions;
using Grains.StateMachines.Batches;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Grains.FrontEnd.Cluster;

/// <summary>How the cluster is: for people, and for the program that collects metrics.</summary>
internal sealed class ClusterRoutes(PartitionStatus? status = null, IClusterStatus? cluster = null)
{
    private RequestDelegate? _metrics;

    public IEnumerable<ApiRoute> All =>
    [
        new("GET", "/v1/cluster", Permission.Read, "The servers, and what is settled for all of them", DescribeAsync)
        {
            Answers = [new(200, "The cluster", typeof(ClusterDocument))],
            Problems = [ProblemCode.Unavailable],
        },
        new("POST", "/v1/cluster/servers/{server}:drain", Permission.Admin, "A server gives all its partitions away",
            http => DrainAsync(http, drained: true))
        {
            Answers = [new(202, "Stored; it gives them away one by one")],
            Problems = [ProblemCode.ServerNotFound, ProblemCode.Unavailable],
        },
        new("POST", "/v1/cluster/servers/{server}:resume", Permission.Admin, "A drained server may have partitions again",
            http => DrainAsync(http, drained: false))
        {
            Answers = [new(202, "Stored; it gets its share one by one")],
            Problems = [ProblemCode.ServerNotFound, ProblemCode.Unavailable],
        },
        new("POST", "/v1/cluster/format:raise", Permission.Admin, "After an upgrade of every server: what is new is written", RaiseAsync)
        {
            Answers = [new(200, "The level from now on", typeof(FormatDocument))],
            Problems = [ProblemCode.FormatNotKnown, ProblemCode.Unavailable],
        },
        new("POST", "/v1/cluster:resume", Permission.Admin, "Push and timers of a restored copy go on", ResumeAsync)
        {
            Answers = [new(202, "Stored; every server follows within seconds")],
            Problems = [ProblemCode.Unavailable],
        },
        new("GET", "/v1/cluster/partitions", Permission.Read, "Every partition: owner, history, contents, recovery", ListAsync)
        {
            Answers = [new(200, "All partitions", typeof(PartitionList))],
            Problems = [ProblemCode.Unavailable],
        },
        new("GET", "/metrics", Permission.Read, "Metrics in the Prometheus text format", http => _metrics!(http))
        {
            Answers = [new(200, "Metrics", MediaType: "text/plain")],
        },
    ];

    /// <summary>The exporter is a middleware; this makes it the handler of one guarded route.</summary>
    public void UseMetrics(IEndpointRouteBuilder endpoints) =>
        _metrics = endpoints.CreateApplicationBuilder().UseOpenTelemetryPrometheusScrapingEndpoint(_ => true).Build();

    private IClusterStatus Cluster => cluster
        ?? throw new RequestRefusedException(ProblemCode.Unavailable, "This server does not know the others.");

    private async Task DescribeAsync(HttpContext http) => await Answers.JsonAsync(
        http,
        StatusCodes.Status200OK,
        ClusterDocuments.Of(await Cluster.ReadAsync(http.RequestAborted)),
        WireJson.Context.ClusterDocument);

    private async Task DrainAsync(HttpContext http, bool drained)
    {
        try
        {
            await Cluster.DrainAsync(RequestPath.Of(http).SegmentBeforeVerb(3).ToString(), drained, http.RequestAborted);
        }
        catch (UnknownServerException e)
        {
            throw new RequestRefusedException(ProblemCode.ServerNotFound, e.Message);
        }

        http.Response.StatusCode = StatusCodes.Status202Accepted;
        http.Response.ContentLength = 0;
    }

    private async Task ResumeAsync(HttpContext http)
    {
        await Cluster.ResumeAsync(http.RequestAborted);
        http.Response.StatusCode = StatusCodes.Status202Accepted;
        http.Response.ContentLength = 0;
    }

    private async Task RaiseAsync(HttpContext http)
    {
        try
        {
            int level = await Cluster.RaiseFormatAsync(http.RequestAborted);
            await Answers.JsonAsync(
                http, StatusCodes.Status200OK, new FormatDocument { FormatLevel = level }, WireJson.Context.FormatDocument);
        }
        catch (FormatLevelException e)
        {
            throw new RequestRefusedException(ProblemCode.FormatNotKnown, e.Message);
        }
    }

    private async Task ListAsync(HttpContext http)
    {
        if (status is null)
        {
            throw new RequestRefusedException(ProblemCode.Unavailable, "This server does not know the partitions' owners.");
        }

        PartitionReport[] reports = await status.ReadAsync(http.RequestAborted);
        await Answers.JsonAsync(
            http, StatusCodes.Status200OK, new PartitionList { Partitions = [.. reports.Select(Document)] }, WireJson.Context.PartitionList);
    }

    private static PartitionDocument Document(PartitionReport report)
    {
        MachineStatistics? holds = report.Statistics;
        return new PartitionDocument
        {
            Partition = report.Partition.Value,
            Phase = report.Phase.ToString().ToLowerInvariant(),
            Owner = report.Owner,
            Epoch = report.Epoch.Value,
            Revision = report.Revision.Value,
            Checkpoint = report.LastCheckpoint.Value,
            Keys = holds?.Keys ?? 0,
            Nodes = holds?.Nodes ?? 0,
            Messages = holds?.Messages ?? 0,
            OutboxEntries = holds?.OutboxEntries ?? 0,
            Bytes = holds?.Bytes ?? 0,
            OpenDeliveries = holds?.OpenDeliveries ?? 0,
            WaitingReceives = holds?.WaitingReceives ?? 0,
            QueuedCommands = report.QueueDepth,
            Recovery = new RecoveryDocument
            {
                AcquireMs = report.Recovery.Acquire.TotalMilliseconds,
                CheckpointMs = report.Recovery.Checkpoint.TotalMilliseconds,
                RecordsMs = report.Recovery.Records.TotalMilliseconds,
            },
            LongestStallMs = report.LongestStall.TotalMilliseconds,
            Trouble = report.Trouble,
        };
    }
}
