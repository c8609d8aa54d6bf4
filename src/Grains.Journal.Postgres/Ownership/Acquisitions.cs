using Grains.Journal.Postgres.Sessions;
using Grains.StateMachines.Ids;
using Microsoft.Extensions.Logging;

namespace Grains.Journal.Postgres.Ownership;

/// <summary>
/// Acquires within a deadline: ends who stands in the way, and tries again where the connection ended.
/// </summary>
internal sealed partial class Acquisitions(
    PostgresJournalOptions options, SessionFactory factory, SessionPool readers) : IAsyncDisposable
{
    private const int _pauseMsMin = 50;
    private const int _pauseMsMax = 1_000;

    // A wait for a lock ends before the statement is given up: then it is certain that nothing comes of it.
    private readonly SessionPool _sessions = new(
        factory,
        SessionRole.Acquire,
        Math.Min(options.AcquireMsMax, options.StatementMsMax / 2),
        options.PooledConnections);

    public async Task<AcquireOutcome> AcquireAsync(
        PartitionId partition, string owner, long membershipVersion, long nowMs)
    {
        long begun = options.Time.GetTimestamp();
        TimeSpan limit = TimeSpan.FromMilliseconds(options.AcquireMsMax);
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                return await _sessions.UseAsync(
                    session => WatchedAsync(session, partition, owner, membershipVersion, nowMs),
                    CancellationToken.None);
            }
            catch (JournalUnavailableException e)
            {
                TimeSpan pause = TimeSpan.FromMilliseconds(Math.Min(_pauseMsMin << Math.Min(attempt, 5), _pauseMsMax));
                if (options.Time.GetElapsedTime(begun) + pause > limit)
                {
                    throw new JournalUnavailableException(
                        $"Partition {partition} could not be acquired within {options.AcquireMsMax} ms. {e.Message}",
                        e);
                }

                LogTriedAgain(Log, partition, owner, e.Message);
                await Task.Delay(pause, options.Time);
            }
        }
    }

    /// <summary>Leaves a session that is open, and nothing else.</summary>
    public Task WarmUpAsync() => _sessions.UseAsync(
        session => session.RunAsync(async () =>
        {
            // No cluster has that many.
            await new AcquireStep(session, options.Schema).WarmUpAsync(new PartitionId(uint.MaxValue));
            return true;
        }),
        CancellationToken.None);

    public ValueTask DisposeAsync() => _sessions.DisposeAsync();

    private async Task<AcquireOutcome> WatchedAsync(
        PostgresSession session, PartitionId partition, string owner, long membershipVersion, long nowMs)
    {
        AcquireStep step = new(session, options.Schema);
        Task<AcquireOutcome> running = session.RunAsync(
            () => step.RunAsync(partition, owner, membershipVersion, nowMs));
        TimeSpan patience = TimeSpan.FromMilliseconds(options.AcquireBlockedMsMax);
        while (await Task.WhenAny(running, Task.Delay(patience, options.Time)) != running)
        {
            await UnblockAsync(session.ProcessId, partition);
        }

        return await running;
    }

    private async Task UnblockAsync(int processId, PartitionId partition)
    {
        try
        {
            List<Blocker> blockers = await readers.RunAsync(
                connection => Blockers.EndAsync(connection, processId), CancellationToken.None);
            foreach (Blocker blocker in blockers)
            {
                LogBlocked(Log, partition, options.AcquireBlockedMsMax, blocker);
            }
        }
        catch (JournalUnavailableException e)
        {
            LogNotUnblocked(Log, partition, e.Message);
        }
    }

    private ILogger Log => options.Logs.CreateLogger<Acquisitions>();

    [LoggerMessage(
        2120, LogLevel.Warning, "Acquiring partition {Partition} for {Owner} failed and is tried again. {Reason}")]
    private static partial void LogTriedAgain(ILogger logger, PartitionId partition, string owner, string reason);

    [LoggerMessage(2121, LogLevel.Warning,
        "Acquiring partition {Partition} has waited {Ms} ms for {Blocker}. End that process if this goes on.")]
    private static partial void LogBlocked(ILogger logger, PartitionId partition, int ms, Blocker blocker);

    [LoggerMessage(2122, LogLevel.Warning,
        "Acquiring partition {Partition} waits, and what it waits for could not be ended. {Reason}")]
    private static partial void LogNotUnblocked(ILogger logger, PartitionId partition, string reason);
}
