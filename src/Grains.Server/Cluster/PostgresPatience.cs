using Grains.Server.Options;
using Npgsql;

namespace Grains.Server.Cluster;

/// <summary>Waits for a database that is started at the same time as the servers.</summary>
internal sealed partial class PostgresPatience(PostgresAddress postgres, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(1);

    /// <summary>On return it answered once.</summary>
    /// <exception cref="StartException">
    /// It did not in time, or refuses for a reason that waiting does not mend.
    /// </exception>
    public async Task WaitAsync(NpgsqlDataSource database, CancellationToken cancel)
    {
        long begun = time.GetTimestamp();
        for (string? said = null; ;)
        {
            try
            {
                await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancel);
                return;
            }
            catch (Exception e) when (PostgresFailure.Explain(e, postgres) is { } why)
            {
                TimeSpan left = _patience - time.GetElapsedTime(begun);
                if (!PostgresFailure.MayPass(e) || left <= TimeSpan.Zero)
                {
                    throw new StartException(why, e);
                }

                if (why != said)
                {
                    LogWaiting(logger, why, (int)left.TotalSeconds);
                    said = why;
                }
            }

            await Task.Delay(_pause, time, cancel);
        }
    }

    [LoggerMessage(3001, LogLevel.Warning, "{Why} It is tried again for {Seconds} s.")]
    private static partial void LogWaiting(ILogger logger, string why, int seconds);
}
