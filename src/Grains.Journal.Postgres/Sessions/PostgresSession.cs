using Npgsql;

namespace Grains.Journal.Postgres.Sessions;

/// <summary>One connection, checked and set up, used by one caller at a time.</summary>
/// <remarks>
/// A statement that takes too long is never cancelled: with a synchronous standby a cancelled wait reports success.
/// Npgsql cancels whenever it is given a time-out or a token, so it gets neither; the connection is left to its
/// statement, and closed when that ends, or when the system finds the other side gone.
/// </remarks>
internal sealed class PostgresSession : IAsyncDisposable
{
    private readonly SessionRole _role;
    private readonly TimeSpan _limit;
    private readonly TimeProvider _time;
    private readonly Action _ended;
    private string? _warning;
    private bool _isGivenUp;
    private bool _isEnded;

    public PostgresSession(
        NpgsqlConnection connection,
        SessionRole role,
        PostgresHistory history,
        TimeSpan limit,
        TimeProvider time,
        Action ended)
    {
        Connection = connection;
        History = history;
        ProcessId = connection.ProcessID;
        _role = role;
        _limit = limit;
        _time = time;
        _ended = ended;
        connection.Notice += (_, e) => Note(e.Notice);
    }

    public NpgsqlConnection Connection { get; }

    public PostgresHistory History { get; }

    public int ProcessId { get; }

    /// <summary>False: to be disposed, never to be used again.</summary>
    public bool IsUsable => !_isGivenUp && Connection.FullState == System.Data.ConnectionState.Open;

    /// <summary>What Postgres warned of since the last call: a commit with a warning is not known to be safe.</summary>
    public string? TakeWarning() => Interlocked.Exchange(ref _warning, null);

    /// <summary>Waits for a statement, or several, with a limit.</summary>
    /// <exception cref="StatementTimeoutException">The session is of no use any more.</exception>
    public async Task<T> RunAsync<T>(Func<Task<T>> statement)
    {
        Task<T> running = statement();
        try
        {
            return await running.WaitAsync(_limit, _time);
        }
        catch (TimeoutException) when (!running.IsCompleted)
        {
            GiveUp(running);
            throw new StatementTimeoutException(_role, ProcessId, _limit);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_isGivenUp)
        {
            await EndAsync();
        }
    }

    private void GiveUp(Task running)
    {
        _isGivenUp = true;
        _ = EndAfterAsync(running);
    }

    private async Task EndAfterAsync(Task running)
    {
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await EndAsync();
    }

    private async Task EndAsync()
    {
        if (_isEnded)
        {
            return;
        }

        _isEnded = true;
        try
        {
            await Connection.DisposeAsync();
        }
        catch (Exception e) when (e is NpgsqlException or IOException or InvalidOperationException)
        {
            // It was broken before; nothing of it is left to close.
        }
        finally
        {
            _ended();
        }
    }

    private void Note(PostgresNotice notice)
    {
        if (notice.InvariantSeverity == "WARNING")
        {
            Interlocked.CompareExchange(
                ref _warning, $"Postgres warned: {notice.MessageText} ({notice.SqlState}).", null);
        }
    }
}
