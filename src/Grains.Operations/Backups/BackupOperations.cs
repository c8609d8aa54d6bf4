using Grains.Api.Problems;
using Grains.Operations.Access;
using Grains.Operations.Errors;
using Grains.Silo.Backups;

namespace Grains.Operations.Backups;

/// <summary>The whole cluster as one file.</summary>
public sealed class BackupOperations(BackupSource? backups = null)
{
    /// <summary>Null: a backup could be begun here.</summary>
    public OperationError? Refuse(Caller caller) =>
        caller.Refuse(Permission.Admin) is { } refused ? refused
        : backups is { CanBegin: true } ? null
        : new OperationError(
            ProblemCode.Unavailable, "This server has no journal, or is not ready yet. Ask one that owns partitions.");

    /// <summary>Everything, as of one moment: to be written somewhere, and disposed. One at a time.</summary>
    public Result<RunningBackup> Begin(Caller caller) =>
        Refuse(caller) is { } refused ? refused
        : backups!.TryBegin() is { } backup ? backup
        : new OperationError(
            ProblemCode.BackupRunning,
            "This server is giving out a backup already. Wait for its end, or ask another server.");
}
