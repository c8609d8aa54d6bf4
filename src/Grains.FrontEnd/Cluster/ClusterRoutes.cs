using Grains.Api;
using Grains.Api.Cluster;
using Grains.Api.Problems;
using Grains.FrontEnd.Paths;
using Grains.FrontEnd.Problems;
using Grains.FrontEnd.Requests;
using Grains.FrontEnd.Routes;
using Grains.Operations.Access;
using Grains.Operations.Cluster;
using Grains.Operations.Errors;
using Grains.Silo.Ownership;
using Grains.Silo.Partitions;
using Grains.StateMachines.Batches;
using Microsoft.AspNetCore.Http;

namespace Grains.FrontEnd.Cluster;

/// <summary>How the cluster is: for people, and for the program that collects metrics.</summary>
internal sealed class ClusterRoutes(ClusterOperations cluster, MetricsPage metrics) : IRoutes
{
    public IEnumerable<ApiRoute> All =>
    [
        new("GET", "/v1/cluster", Permission.Read, "The servers and the cluster's settings", DescribeAsync)
        {
            Answers = [new(200, "The cluster", typeof(ClusterDocument))],
            Problems = [ProblemCode.Unavailable],
        },
        new("POST", "/v1/cluster/servers/{server}:drain", Permission.Admin, "Moves all partitions off a server",
            (http, caller) => DrainAsync(http, caller, drained: true))
        {
            Answers = [new(202, "Stored; it hands them over one by one")],
            Problems = [ProblemCode.ServerNotFound, ProblemCode.Unavailable],
        },
        new(
            "POST", "/v1/cluster/servers/{server}:resume", Permission.Admin,
            "Lets a drained server own partitions again",
            (http, caller) => DrainAsync(http, caller, drained: false))
        {
            Answers = [new(202, "Stored; it gets its share, one partition at a time")],
            Problems = [ProblemCode.ServerNotFound, ProblemCode.Unavailable],
        },
        new(
            "POST", "/v1/cluster/format:raise", Permission.Admin,
            "Raises the record format, once every server is upgraded", RaiseAsync)
        {
            Answers = [new(200, "The level from now on", typeof(FormatDocument))],
            Problems = [ProblemCode.FormatNotKnown, ProblemCode.Unavailable],
        },
        new("POST", "/v1/cluster:resume", Permission.Admin, "Resumes push and timers after a restore", ResumeAsync)
        {
            Answers = [new(202, "Stored; every server follows within seconds")],
            Problems = [ProblemCode.Unavailable],
        },
        new(
            "GET", "/v1/cluster/partitions", Permission.Read, "Every partition: owner, history, contents, recovery",
            ListAsync)
        {
            Answers = [new(200, "All partitions", typeof(PartitionList))],
            Problems = [ProblemCode.Unavailable],
        },
        new(
            "GET", "/metrics", Permission.Read, "Metrics in the Prometheus text format",
            (http, _) => metrics.WriteAsync(http))
        {
            Answers = [new(200, "Metrics", MediaType: "text/plain")],
        },
    ];

    private async Task DescribeAsync(HttpContext http, Caller caller)
    {
        Result<ClusterReport> result = await cluster.DescribeAsync(caller, http.RequestAborted);
        await (result.TryGet(out ClusterReport? report, out OperationError? error)
            ? Answers.JsonAsync(
                http, StatusCodes.Status200OK, ClusterDocuments.Of(report), WireJson.Context.ClusterDocument)
            : ProblemAnswer.WriteAsync(http, error));
    }

    private async Task DrainAsync(HttpContext http, Caller caller, bool drained)
    {
        Result<Nothing> result = await cluster.DrainAsync(
            caller, RequestPath.Of(http).SegmentBeforeVerb(3).ToString(), drained, http.RequestAborted);
        await Answers.EmptyAsync(http, StatusCodes.Status202Accepted, result.Error);
    }

    private async Task ResumeAsync(HttpContext http, Caller caller)
    {
        Result<Nothing> result = await cluster.ResumeAsync(caller, http.RequestAborted);
        await Answers.EmptyAsync(http, StatusCodes.Status202Accepted, result.Error);
    }

    private async Task RaiseAsync(HttpContext http, Caller caller)
    {
        Result<int> result = await cluster.RaiseFormatAsync(caller, http.RequestAborted);
        await (result.TryGet(out int level, out OperationError? error)
            ? Answers.JsonAsync(
                http, StatusCodes.Status200OK, new FormatDocument { FormatLevel = level },
                WireJson.Context.FormatDocument)
            : ProblemAnswer.WriteAsync(http, error));
    }

    private async Task ListAsync(HttpContext http, Caller caller)
    {
        Result<PartitionReport[]> result = await cluster.PartitionsAsync(caller, http.RequestAborted);
        await (result.TryGet(out PartitionReport[]? reports, out OperationError? error)
            ? Answers.JsonAsync(
                http,
                StatusCodes.Status200OK,
                new PartitionList { Partitions = [.. reports.Select(Document)] },
                WireJson.Context.PartitionList)
            : ProblemAnswer.WriteAsync(http, error));
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
