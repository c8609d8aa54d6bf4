namespace Grains.Journal.Postgres.Sessions;

/// <summary>No answer in time. What the statement does, or did, is not known; its connection is given up.</summary>
internal sealed class StatementTimeoutException(SessionRole role, int processId, TimeSpan after)
    : Exception(
        $"Postgres process {processId} ({role}) gave no answer within {after.TotalMilliseconds:0} ms; "
        + "its connection is given up.");
