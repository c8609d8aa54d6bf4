using Grains.Journal.Postgres.Sessions;
using Grains.StateMachines.Ids;
using Npgsql;

namespace Grains.Journal.Postgres.Appends;

/// <summary>
/// One connection with one statement in flight: takes everything that waits, sends it, ends everybody's waiting, again.
/// </summary>
internal sealed class AppendLane(AppendQueue queue, AppendLaneRules rules, SessionFactory factory, AppendWriter writer)
{
    private const int _pauseMsMin = 50;
    private const int _pauseMsMax = 1_000;
    private readonly PostgresJournalOptions _options = rules.Options;
    private readonly List<AppendRequest> _batch = [];
    private readonly HashSet<PartitionId> _partitions = [];
    private readonly HashSet<PartitionId> _written = [];
    private PostgresSession? _session;
    private AppendStatement? _statement;
    private int _failedOpens;
    private long _sentAt;

    /// <summary>Ends when the queue is closed and empty.</summary>
    public async Task RunAsync()
    {
        while (await queue.WaitAsync(rules.SpareOf is not null))
        {
            if (rules.SpareOf is { } other && other.StuckIn(_options.SpareAfterMs) is { } wait && !queue.IsClosed)
            {
                await Task.Delay(wait, _options.Time);
            }
            else if (await ConnectAsync())
            {
                queue.Take(_batch, _partitions, rules.RowsMax, _options.FlushBytesMax);
                if (_batch.Count > 0)
                {
                    Volatile.Write(ref _sentAt, _options.Time.GetTimestamp());
                    await SendAsync();
                    Volatile.Write(ref _sentAt, 0);
                }
            }

            if (!rules.StaysOpen && queue.Count == 0)
            {
                await CloseAsync();
            }
        }

        await CloseAsync();
    }

    /// <summary>Null: its statement has taken so long already. Else how long until it may have.</summary>
    private TimeSpan? StuckIn(int ms)
    {
        long sentAt = Volatile.Read(ref _sentAt);
        TimeSpan left =
            TimeSpan.FromMilliseconds(ms) - (sentAt == 0 ? TimeSpan.Zero : _options.Time.GetElapsedTime(sentAt));
        return left <= TimeSpan.Zero ? null : left;
    }

    private async Task<bool> ConnectAsync()
    {
        if (_session is { IsUsable: true } && _session.History == factory.History.Current)
        {
            return true;
        }

        await CloseAsync();
        try
        {
            _session = await factory.OpenAsync(SessionRole.Append, _options.AppendLockMsMax);
            _statement = await AppendStatement.PrepareAsync(_session, _options.Schema);
            _failedOpens = 0;
            return true;
        }
        catch (Exception e)
        {
            await CloseAsync();
            writer.NotConnected(e);
            await RefuseOldAsync(e.Message);
            return false;
        }
    }

    /// <summary>What was never sent was not written.</summary>
    private async Task RefuseOldAsync(string why)
    {
        long patience = _options.Time.TimestampFrequency * _options.UnsentMsMax / 1_000;
        long moment = queue.IsClosed ? long.MaxValue : _options.Time.GetTimestamp() - patience;
        foreach (AppendRequest request in queue.TakeOlderThan(moment))
        {
            request.End(AppendStatus.Refused, $"It could not be sent within {_options.UnsentMsMax} ms. {why}");
        }

        int pauseMs = Math.Min(_pauseMsMin << Math.Min(_failedOpens++, 5), _pauseMsMax);
        await Task.Delay(TimeSpan.FromMilliseconds(pauseMs), _options.Time);
    }

    private async Task SendAsync()
    {
        PostgresSession session = _session!;
        try
        {
            session.TakeWarning();
            await session.RunAsync(() => _statement!.RunAsync(_batch, _written));
            writer.Answered(_batch.Count, _options.Time.GetElapsedTime(_sentAt));
        }
        catch (PostgresException e) when (SqlStates.NothingWritten(e))
        {
            writer.NothingWritten(_batch, e);
            return;
        }
        catch (Exception e)
        {
            writer.Unknown(_batch, e.Message, e is StatementTimeoutException);
            await CloseAsync();
            return;
        }

        if (session.TakeWarning() is { } warning)
        {
            writer.Unknown(_batch, warning, isTimeout: false);
            return;
        }

        List<AppendRequest> open = [];
        foreach (AppendRequest request in _batch)
        {
            if (_written.Contains(request.Partition))
            {
                writer.Written(request);
            }
            else
            {
                open.Add(request);
            }
        }

        if (open.Count > 0)
        {
            await LookUpAsync(session, open);
        }
    }

    private async Task LookUpAsync(PostgresSession session, List<AppendRequest> open)
    {
        try
        {
            await session.RunAsync(() => AppendLookup.RunAsync(session, _options.Schema, open));
        }
        catch (Exception e)
        {
            writer.Unknown(open, e.Message, e is StatementTimeoutException);
            await CloseAsync();
        }
    }

    private async Task CloseAsync()
    {
        if (_session is { } session)
        {
            _session = null;
            _statement = null;
            await session.DisposeAsync();
        }
    }
}

/// <summary>How the lanes of one queue behave.</summary>
/// <param name="Options">The journal's.</param>
/// <param name="RowsMax">Appends in one statement.</param>
/// <param name="SpareOf">Works only while that one's statement is stuck, so that one flush serves everybody.</param>
/// <param name="StaysOpen">False: a lane with nothing to do gives its connection back.</param>
internal sealed record AppendLaneRules(
    PostgresJournalOptions Options, int RowsMax, bool StaysOpen, AppendLane? SpareOf);
