using Grains.Api.Cluster;
using Grains.Api.Json;
using Grains.Api.Problems;
using Grains.FrontEnd.Access;
using Grains.FrontEnd.Problems;
using Grains.FrontEnd.Requests;
using Grains.FrontEnd.Routes;
using Grains.Silo.Partitions;
using Grains.StateMachines.Partitions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Grains.FrontEnd.Cluster;

/// <summary>How the cluster is: for people, and for the program that collects metrics.</summary>
internal sealed class ClusterRoutes(PartitionStatus? status = null)
{
    private RequestDelegate? _metrics;

    public IEnumerable<ApiRoute> All =>
    [
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
