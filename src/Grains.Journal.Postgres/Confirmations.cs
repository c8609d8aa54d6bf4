using Grains.Journal.Postgres.Sessions;
using Grains.StateMachines.Ids;
using Npgsql;
using NpgsqlTypes;

namespace Grains.Journal.Postgres;

/// <summary>
/// Asks whether epochs are still the newest, for all partitions that wait at once: one statement in flight, at most one
/// in a millisecond, on a connection of its own.
/// </summary>
internal sealed class Confirmations : IAsyncDisposable
{
    private static readonly TimeSpan _interval = TimeSpan.FromMilliseconds(1);
    private readonly PostgresJournalOptions _options;
    private readonly SessionFactory _factory;
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _wake = new(0, 1);
    private readonly Task _running;
    private List<Waiting> _waiting = [];
    private PostgresSession? _session;
    private NpgsqlCommand? _command;
    private bool _isClosed;

    public Confirmations(PostgresJournalOptions options, SessionFactory factory)
    {
        _options = options;
        _factory = factory;
        _running = Task.Run(RunAsync);
    }

    /// <summary>How often Postgres was asked.</summary>
    internal int Statements { get; private set; }

    /// <summary>True if no newer epoch was acquired at some moment after this call began.</summary>
    public Task<bool> ConfirmAsync(PartitionId partition, Epoch epoch)
    {
        Waiting waiting = new(partition, epoch);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isClosed, typeof(PostgresJournal));
            if (_waiting.Count >= _options.QueuedAppendsMax)
            {
                throw new JournalUnavailableException(
                    $"{_waiting.Count} confirmations wait for Postgres, which is the limit. Send less.");
            }

            _waiting.Add(waiting);
            if (_waiting.Count == 1)
            {
                _wake.Release();
            }
        }

        return waiting.Done.Task;
    }

    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_isClosed)
            {
                return;
            }

            _isClosed = true;
            if (_waiting.Count == 0)
            {
                _wake.Release();
            }
        }

        await _running;
        await CloseAsync();
    }

    private async Task RunAsync()
    {
        List<Waiting> batch = [];
        long lastAt = 0;
        while (true)
        {
            await _wake.WaitAsync();
            if (lastAt != 0 && _options.Time.GetElapsedTime(lastAt) < _interval)
            {
                // Timers count whole milliseconds: the rest of one would be no pause at all.
                await Task.Delay(_interval, _options.Time);
            }

            lock (_gate)
            {
                (batch, _waiting) = (_waiting, batch);
                if (_isClosed && batch.Count == 0)
                {
                    return;
                }
            }

            lastAt = _options.Time.GetTimestamp();
            await AnswerAsync(batch);
            batch.Clear();
        }
    }

    private async Task AnswerAsync(List<Waiting> batch)
    {
        try
        {
            HashSet<(long, long)> confirmed = await AskAsync(batch);
            batch.ForEach(w => w.Done.TrySetResult(confirmed.Contains((w.Partition.Value, w.Epoch.Value))));
        }
        catch (Exception e)
        {
            await CloseAsync();
            JournalUnavailableException trouble = e as JournalUnavailableException
                ?? new JournalUnavailableException($"Postgres at {_factory.Place} did not confirm. {e.Message}", e);
            batch.ForEach(w => w.Done.TrySetException(trouble));
        }
    }

    /// <summary>So that a question costs Postgres no parsing and no planning.</summary>
    private static async Task<NpgsqlCommand> PrepareAsync(PostgresSession session, string schema)
    {
        NpgsqlCommand command = Command(session, schema);
        await session.RunAsync(async () =>
        {
            await command.PrepareAsync();
            return true;
        });
        return command;
    }

    private async Task<HashSet<(long Partition, long Epoch)>> AskAsync(List<Waiting> batch)
    {
        if (_session is not { IsUsable: true } || _session.History != _factory.History.Current)
        {
            await CloseAsync();
            _session = await _factory.OpenAsync(SessionRole.Confirm, _options.AppendLockMsMax);
            _command = await PrepareAsync(_session, _options.Schema);
        }

        _session.TakeWarning();
        Statements++;
        HashSet<(long, long)> confirmed = await _session.RunAsync(() => ReadAsync(_command!, batch));
        return _session.TakeWarning() is { } warning ? throw new JournalUnavailableException(warning) : confirmed;
    }

    private static async Task<HashSet<(long, long)>> ReadAsync(NpgsqlCommand command, List<Waiting> batch)
    {
        command.Parameters[0].Value = batch.Select(w => (long)w.Partition.Value).ToArray();
        command.Parameters[1].Value = batch.Select(w => w.Epoch.Value).ToArray();
        HashSet<(long, long)> confirmed = [];
        await using NpgsqlDataReader rows = await command.ExecuteReaderAsync();
        while (await rows.ReadAsync())
        {
            confirmed.Add((rows.GetInt64(0), rows.GetInt64(1)));
        }

        await rows.NextResultAsync();
        return confirmed;
    }

    /// <remarks>
    /// With synchronous standbys a former primary, cut off from them, still answers reads from before the promotion. So
    /// there the question is a commit, which such a server cannot finish.
    /// </remarks>
    private static NpgsqlCommand Command(PostgresSession session, string schema) => new($"""
        SELECT p.partition, p.epoch,
               (SELECT CASE WHEN current_setting('synchronous_standby_names') <> ''
                            THEN pg_logical_emit_message(true, 'grains', '') END)
        FROM unnest($1, $2) AS a(partition, epoch)
        JOIN "{schema}".partition p ON p.partition = a.partition AND p.epoch = a.epoch
            AND p.system_identifier = $3 AND p.timeline = $4
        """, session.Connection)
    {
        Parameters =
        {
            new() { NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint },
            new() { NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint },
            new() { NpgsqlDbType = NpgsqlDbType.Bigint, Value = session.History.SystemIdentifier },
            new() { NpgsqlDbType = NpgsqlDbType.Bigint, Value = session.History.Timeline },
        },
    };

    private async Task CloseAsync()
    {
        if (_session is { } session)
        {
            _session = null;
            await session.DisposeAsync();
        }
    }

    private sealed record Waiting(PartitionId Partition, Epoch Epoch)
    {
        public TaskCompletionSource<bool> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
