using Npgsql;

namespace Grains.Journal.Postgres.Sessions;

/// <summary>A few sessions of one role, opened when needed, lent to one caller at a time.</summary>
internal sealed class SessionPool(
    SessionFactory factory, SessionRole role, int lockMsMax, int sessionsMax) : IAsyncDisposable
{
    private readonly SemaphoreSlim _free = new(sessionsMax);
    private readonly Stack<PostgresSession> _idle = new();
    private bool _isClosed;

    /// <summary>
    /// As UseAsync, for one statement; cancelling ends the waiting, and the statement ends by itself.
    /// </summary>
    public Task<T> RunAsync<T>(Func<NpgsqlConnection, Task<T>> statement, CancellationToken cancel) =>
        UseAsync(session => session.RunAsync(() => statement(session.Connection)), cancel).WaitAsync(cancel);

    /// <summary>
    /// Waits for a free one, then calls. A connection that had been idle may have ended meanwhile: then the call is
    /// made again on a new one, so it must be harmless twice.
    /// </summary>
    /// <exception cref="JournalUnavailableException">Postgres failed, or gave no answer in time.</exception>
    public async Task<T> UseAsync<T>(Func<PostgresSession, Task<T>> use, CancellationToken cancel)
    {
        await _free.WaitAsync(cancel);
        try
        {
            if (TakeIdle() is { } idle)
            {
                try
                {
                    return await UseAsync(idle, use);
                }
                catch (NpgsqlException) when (!idle.IsUsable)
                {
                    await DropIdleAsync();
                }
            }

            return await UseAsync(await factory.OpenAsync(role, lockMsMax), use);
        }
        catch (Exception e) when (e is NpgsqlException or StatementTimeoutException)
        {
            throw new JournalUnavailableException($"Postgres at {factory.Place} failed. {e.Message}", e);
        }
        finally
        {
            _free.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        lock (_idle)
        {
            _isClosed = true;
        }

        await DropIdleAsync();
    }

    private async Task<T> UseAsync<T>(PostgresSession session, Func<PostgresSession, Task<T>> use)
    {
        try
        {
            return await use(session);
        }
        finally
        {
            session.TakeWarning();
            if (!TryKeep(session))
            {
                await session.DisposeAsync();
            }
        }
    }

    private PostgresSession? TakeIdle()
    {
        lock (_idle)
        {
            ObjectDisposedException.ThrowIf(_isClosed, typeof(PostgresJournal));
            return _idle.TryPop(out PostgresSession? session) ? session : null;
        }
    }

    private bool TryKeep(PostgresSession session)
    {
        lock (_idle)
        {
            bool keep = !_isClosed && session.IsUsable && session.History == factory.History.Current;
            if (keep)
            {
                _idle.Push(session);
            }

            return keep;
        }
    }

    private async Task DropIdleAsync()
    {
        List<PostgresSession> idle;
        lock (_idle)
        {
            idle = [.. _idle];
            _idle.Clear();
        }

        foreach (PostgresSession session in idle)
        {
            await session.DisposeAsync();
        }
    }
}
