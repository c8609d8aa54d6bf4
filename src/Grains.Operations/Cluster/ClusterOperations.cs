using Grains.Api.Problems;
using Grains.Operations.Access;
using Grains.Operations.Errors;
using Grains.Silo.Ownership;
using Grains.Silo.Partitions;

namespace Grains.Operations.Cluster;

/// <summary>How the cluster is, and what is settled for all of it.</summary>
public sealed class ClusterOperations(PartitionStatus? status = null, IClusterStatus? cluster = null)
{
    private static readonly OperationError _unknown = new(
        ProblemCode.Unavailable, "This server does not know the others.");

    /// <summary>The servers, and what is settled for all of them.</summary>
    public Task<Result<ClusterReport>> DescribeAsync(Caller caller, CancellationToken cancel) =>
        RunAsync(caller, Permission.Read, known => known.ReadAsync(cancel));

    /// <summary>
    /// A server gives all its partitions away, or may have some again. Stored when this returns; it follows one by one.
    /// </summary>
    public Task<Result<Nothing>> DrainAsync(Caller caller, string server, bool drained, CancellationToken cancel) =>
        RunAsync(caller, Permission.Admin, async known =>
        {
            await known.DrainAsync(server, drained, cancel);
            return default(Nothing);
        });

    /// <summary>Push and timers of a restored copy go on. Stored when this returns.</summary>
    public Task<Result<Nothing>> ResumeAsync(Caller caller, CancellationToken cancel) =>
        RunAsync(caller, Permission.Admin, async known =>
        {
            await known.ResumeAsync(cancel);
            return default(Nothing);
        });

    /// <summary>After an upgrade of every server: what is new is written.</summary>
    /// <returns>The level from now on.</returns>
    public Task<Result<int>> RaiseFormatAsync(Caller caller, CancellationToken cancel) =>
        RunAsync(caller, Permission.Admin, known => known.RaiseFormatAsync(cancel));

    /// <summary>Every partition: owner, history, contents, recovery.</summary>
    public async Task<Result<PartitionReport[]>> PartitionsAsync(Caller caller, CancellationToken cancel) =>
        caller.Refuse(Permission.Read) is { } refused ? refused
        : status is null ? new OperationError(
            ProblemCode.Unavailable, "This server does not know the partitions' owners.")
        : await status.ReadAsync(cancel);

    private async Task<Result<T>> RunAsync<T>(Caller caller, Permission needed, Func<IClusterStatus, Task<T>> ask)
        where T : notnull
    {
        if ((caller.Refuse(needed) ?? (cluster is null ? _unknown : null)) is { } refused)
        {
            return refused;
        }

        try
        {
            return await ask(cluster!);
        }
        catch (UnknownServerException e)
        {
            return new OperationError(ProblemCode.ServerNotFound, e.Message);
        }
        catch (FormatLevelException e)
        {
            return new OperationError(ProblemCode.FormatNotKnown, e.Message);
        }
        catch (Exception e) when (Refusals.Of(e) is { } unavailable)
        {
            return unavailable;
        }
    }
}
