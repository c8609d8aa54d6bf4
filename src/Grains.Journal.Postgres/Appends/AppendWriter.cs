using System.Collections.Concurrent;
using Grains.Journal.Postgres.Sessions;
using Grains.StateMachines.Ids;
using Npgsql;

namespace Grains.Journal.Postgres.Appends;

/// <summary>
/// Brings appends to Postgres: all partitions share statements; where a shared one fails each goes alone; and a
/// partition that was in somebody's way stays alone until it is written again, so that it holds up nobody else.
/// </summary>
internal sealed partial class AppendWriter : IAsyncDisposable
{
    private const int _rowsMax = 1_024;
    private readonly PostgresJournalOptions _options;
    private readonly AppendQueue _shared;
    private readonly AppendQueue _alone;
    private readonly AppendQueue _blocked;
    private readonly ConcurrentDictionary<PartitionId, bool> _suspects = new();
    private readonly Task _lanes;

    public AppendWriter(PostgresJournalOptions options, SessionFactory factory)
    {
        _options = options;
        _shared = new AppendQueue(options.QueuedAppendsMax, options.QueuedBytesMax);
        _alone = new AppendQueue(options.QueuedAppendsMax, options.QueuedBytesMax);
        _blocked = new AppendQueue(options.QueuedAppendsMax, options.QueuedBytesMax);
        AppendLaneRules shared = new(options, _rowsMax, StaysOpen: true, SpareOf: null);
        AppendLaneRules lone = new(options, RowsMax: 1, StaysOpen: false, SpareOf: null);
        List<AppendLane> lanes = [];
        for (int i = 0; i < options.AppendConnections; i++)
        {
            lanes.Add(new AppendLane(_shared, shared with { SpareOf = lanes.LastOrDefault() }, factory, this));
        }

        for (int i = 0; i < options.LoneAppendConnections; i++)
        {
            lanes.Add(new AppendLane(_alone, lone, factory, this));
            lanes.Add(new AppendLane(_blocked, lone, factory, this));
        }

        _lanes = Task.WhenAll(lanes.Select(lane => Task.Run(lane.RunAsync)));
    }

    public Task<AppendOutcome> AppendAsync(JournalAppend append)
    {
        AppendRequest request = new(append, _options.Time.GetTimestamp());
        Enqueue(request, _suspects.ContainsKey(append.Partition) ? _blocked : _shared);
        return request.Task;
    }

    /// <summary>A statement came to its end.</summary>
    public void Answered(int rows, TimeSpan after)
    {
        _statementMs.Record(after.TotalMilliseconds);
        _rows.Record(rows);
    }

    /// <summary>The row was written: nobody stands in its way.</summary>
    public void Written(AppendRequest request)
    {
        if (!_suspects.IsEmpty)
        {
            _suspects.TryRemove(request.Partition, out _);
        }

        request.End(AppendOutcome.Durable);
    }

    /// <summary>A statement failed, and certainly wrote nothing.</summary>
    public void NothingWritten(List<AppendRequest> batch, PostgresException e)
    {
        _failures.Add(1, new KeyValuePair<string, object?>("sqlstate", e.SqlState));
        if (batch.Count > 1 && !SqlStates.ConcernsAll(e))
        {
            LogAlone(Log, batch.Count, e.SqlState, e.MessageText);
            batch.ForEach(request => Enqueue(request, _alone));
            return;
        }

        foreach (AppendRequest request in batch)
        {
            if (SqlStates.IsBlocked(e) && RepeatsBlocked(request, e))
            {
                continue;
            }

            request.End(AppendStatus.Refused, $"Postgres did not take {request.Append.Next.Revision} of partition "
                + $"{request.Partition}: {e.MessageText} ({e.SqlState}). Nothing was written.");
        }
    }

    /// <summary>Nobody knows what became of it.</summary>
    public void Unknown(List<AppendRequest> batch, string reason, bool isTimeout)
    {
        _unknown.Add(batch.Count);
        LogUnknown(Log, batch.Count, reason);
        foreach (AppendRequest request in batch)
        {
            if (isTimeout)
            {
                // One of them hangs, and may go on holding its row: which one, shows when each goes alone.
                _suspects.TryAdd(request.Partition, true);
            }

            request.End(AppendStatus.Unknown, reason);
        }
    }

    public void NotConnected(Exception e) => LogNotConnected(Log, e.Message);

    /// <summary>Sends what waits, then ends.</summary>
    public async ValueTask DisposeAsync()
    {
        _shared.Close();
        _alone.Close();
        _blocked.Close();
        await _lanes;
    }

    private bool RepeatsBlocked(AppendRequest request, PostgresException e)
    {
        if (_suspects.TryAdd(request.Partition, true))
        {
            LogBlocked(Log, request.Partition, request.Append.Next.Revision, e.MessageText);
        }

        if (_options.Time.GetElapsedTime(request.EnqueuedAt).TotalMilliseconds >= _options.BlockedMsMax)
        {
            return false;
        }

        Enqueue(request, _blocked);
        return true;
    }

    private static void Enqueue(AppendRequest request, AppendQueue queue)
    {
        if (queue.TryAdd(request) is { } refused)
        {
            request.End(AppendStatus.Refused, refused);
        }
    }
}
