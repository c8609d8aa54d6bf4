using Grains.Journal.Images;
using Grains.Journal.Postgres.Appends;
using Grains.Journal.Postgres.Checkpoints;
using Grains.Journal.Postgres.Images;
using Grains.Journal.Postgres.Ownership;
using Grains.Journal.Postgres.Records;
using Grains.Journal.Postgres.Sessions;
using Grains.StateMachines.Ids;
using Microsoft.Extensions.Logging;

namespace Grains.Journal.Postgres;

/// <summary>
/// The journal of a cluster: every server has one on the same schema, and what may be appended is decided by Postgres
/// alone, by a unique key. Nothing is remembered between statements that another server could change.
/// </summary>
public sealed partial class PostgresJournal : IJournal, IJournalExport
{
    private readonly PostgresJournalOptions _options;
    private readonly SessionFactory _factory;
    private readonly SessionPool _readers;
    private readonly SessionPool _keepers;
    private readonly AppendWriter _appends;
    private readonly Confirmations _confirmations;
    private readonly Acquisitions _acquisitions;
    private readonly Housekeeping _housekeeping;
    private int _disposed;

    private PostgresJournal(PostgresJournalOptions options, SessionFactory factory)
    {
        _options = options;
        _factory = factory;
        _readers = new SessionPool(factory, SessionRole.Read, options.StatementMsMax, options.PooledConnections);
        _keepers = new SessionPool(factory, SessionRole.Keep, options.DeleteLockMsMax, options.PooledConnections);
        _appends = new AppendWriter(options, factory);
        _confirmations = new Confirmations(options, factory);
        _acquisitions = new Acquisitions(options, factory, _readers);
        _housekeeping = new Housekeeping(options, _keepers);
    }

    /// <summary>What the journal's tables are made by.</summary>
    public static IReadOnlyList<SchemaScript> Scripts { get; } = [SchemaScript.Embedded("journal", 1)];

    internal int ConfirmStatements => _confirmations.Statements;

    public string Durability => _factory.Settings!.Durability(_factory.Place);

    /// <summary>Makes the tables if they are missing, and checks that Postgres keeps what it confirms.</summary>
    /// <exception cref="JournalUnavailableException">It is not there, or must not be written to.</exception>
    public static async Task<PostgresJournal> OpenAsync(PostgresJournalOptions options, CancellationToken cancel)
    {
        options.Validate();
        await PostgresSchema.ApplyAsync(options.ConnectionString, options.Schema, Scripts, cancel);
        SessionFactory factory = new(options);
        PostgresJournal journal = new(options, factory);
        try
        {
            // Kept for the first recovery: a connection is what costs most in a start.
            await journal._readers.UseAsync(Task.FromResult, cancel);
            if (factory.Settings is { HasOnlyAsynchronousStandbys: true } settings)
            {
                LogAsynchronous(
                    options.Logs.CreateLogger<PostgresJournal>(), factory.Place, settings.AsynchronousStandbys);
            }

            return journal;
        }
        catch
        {
            await journal.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Goes through an acquire that is undone, so that the first real one does not wait for a connection and for code.
    /// </summary>
    /// <exception cref="JournalUnavailableException">Postgres failed, or may not be written to.</exception>
    public Task WarmUpAsync() => _acquisitions.WarmUpAsync();

    public async ValueTask<AcquireOutcome> AcquireAsync(
        PartitionId partition, string owner, long membershipVersion, long nowMs, CancellationToken cancel) =>
        await _acquisitions.AcquireAsync(partition, owner, membershipVersion, nowMs).WaitAsync(cancel);

    public ValueTask<AppendOutcome> AppendAsync(JournalAppend append, CancellationToken cancel)
    {
        if (JournalLimits.Refuses(append) is { } limit)
        {
            return new(new AppendOutcome(AppendStatus.Refused, limit));
        }

        Task<AppendOutcome> appended = _appends.AppendAsync(append);
        return new(cancel.CanBeCanceled ? appended.WaitAsync(cancel) : appended);
    }

    public async ValueTask<bool> ConfirmAsync(PartitionId partition, Epoch epoch, CancellationToken cancel) =>
        epoch.Value > 0 && await _confirmations.ConfirmAsync(partition, epoch).WaitAsync(cancel);

    public IAsyncEnumerable<JournalRecord> ReadAsync(PartitionId partition, Revision from, CancellationToken cancel) =>
        new RecordPages(_readers, _options.Schema, partition).ReadAsync(from, cancel);

    public async ValueTask<StoredCheckpoint?> ReadCheckpointAsync(PartitionId partition, CancellationToken cancel) =>
        await new CheckpointReading(_readers, _options.Schema, partition).ReadAsync(cancel);

    public async ValueTask<bool> WriteCheckpointAsync(
        PartitionId partition,
        Epoch epoch,
        JournalTail at,
        IEnumerable<ReadOnlyMemory<byte>> chunks,
        CancellationToken cancel)
    {
        CheckpointWriting writing = new(_keepers, _options.Schema, partition, epoch, at);
        CheckpointPlan plan = epoch.Value > 0 ? await writing.PlanAsync(cancel) : CheckpointPlan.NotOwner;
        if (plan != CheckpointPlan.Write)
        {
            return plan == CheckpointPlan.NotNeeded;
        }

        bool isStored = false;
        try
        {
            foreach (ReadOnlyMemory<byte> chunk in chunks)
            {
                cancel.ThrowIfCancellationRequested();
                if (!await writing.StoreAsync(chunk))
                {
                    return false;
                }
            }

            isStored = true;
        }
        finally
        {
            if (!isStored)
            {
                await _housekeeping.DeleteAttemptAsync(partition, writing.Attempt);
            }
        }

        // From here on the pointer may name it, whatever is heard of that.
        bool isOwner = await writing.MoveAsync();
        if (isOwner)
        {
            await _housekeeping.DeleteOldChunksAsync(partition, epoch);
        }

        return isOwner;
    }

    public async ValueTask<bool> TruncateAsync(
        PartitionId partition, Epoch epoch, Revision upTo, CancellationToken cancel) =>
        epoch.Value > 0 && await _housekeeping.TruncateAsync(partition, epoch, upTo, cancel);

    public IAsyncEnumerable<ImagePart> ExportAsync(CancellationToken cancel) =>
        new PostgresExport(_factory, _options).RunAsync(cancel);

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            await _appends.DisposeAsync();
            await _confirmations.DisposeAsync();
            await _acquisitions.DisposeAsync();
            await _readers.DisposeAsync();
            await _keepers.DisposeAsync();
            await _factory.DisposeAsync();
        }
    }
}
