using System.Buffers.Binary;

namespace Grains.Journal.Sqlite;

/// <summary>
/// Keeps the WAL bounded while appends go on. The bulk of a full WAL is moved into the database file by a thread and a
/// connection of their own; but the WAL starts over only when all of it is moved, and new frames come all the time. So
/// the writer moves the short rest itself, between two flushes, until the WAL has started over.
/// </summary>
internal sealed class WalBound : IDisposable
{
    private const long _retryBytes = 1 << 20;
    private const int _headBytes = 32;

    /// <summary>
    /// This many times the bound, and appends wait for the mover: a disk that cannot keep up slows the writer.
    /// </summary>
    private const int _hardFactor = 4;

    private const int _frameHeadBytes = 24;

    private readonly object _gate = new();
    private readonly string _walPath;
    private readonly SqliteJournalOptions _options;
    private readonly SqliteDatabase _mover;
    private readonly SqliteDatabase _writer;
    private readonly int _frameBytes;
    private readonly Thread _thread;
    private Action _wakeWriter = () => { };
    private long _bytes;
    private uint _sequence;
    private bool _closing;
    private volatile WalStage _stage;
    private volatile Exception? _failure;

    public WalBound(string databasePath, SqliteDatabase writer, SqliteJournalOptions options)
    {
        _walPath = databasePath + "-wal";
        _writer = writer;
        _options = options;
        _mover = new SqliteDatabase(databasePath);
        _mover.Execute("PRAGMA wal_autocheckpoint = 0");
        _mover.SetSynchronous(options.Synchronous);
        _frameBytes = (int)_mover.Scalar("PRAGMA page_size") + _frameHeadBytes;
        _writer.TakePagesWritten();
        _thread = new Thread(Run) { Name = "grains journal WAL", IsBackground = true };
        _thread.Start();
    }

    /// <summary>True while the writer should come round although nothing waits.</summary>
    public bool WantsWriter => _stage == WalStage.RestWaits || _failure is not null;

    /// <summary>True: the next flush may be the first in a WAL that begins anew.</summary>
    public bool MayBegin => _stage == WalStage.RestMoved;

    public void Attach(Action wakeWriter) => _wakeWriter = wakeWriter;

    /// <summary>The writer's, after each round. Throws if the moving thread met a failing disk.</summary>
    public void AfterFlush()
    {
        if (_failure is { } failure)
        {
            throw new IOException("The WAL cannot be moved into the database file.", failure);
        }

        long written = (long)_writer.TakePagesWritten() * _frameBytes;
        _bytes += written;
        switch (_stage)
        {
            case WalStage.Quiet when _bytes > _options.WalBytesMax:
                MoveSoon();
                break;
            case WalStage.BulkMoves when _bytes > _options.WalBytesMax * _hardFactor:
                WaitForTheMover();
                MoveRest();
                break;
            case WalStage.RestWaits:
                MoveRest();
                break;
            case WalStage.RestMoved when written > 0:
                SeeWhetherItBeganAnew();
                break;
        }
    }

    /// <summary>The writer's: move what is there now, whatever its size; unless that is under way.</summary>
    public void MoveSoon()
    {
        if (_stage is WalStage.Quiet or WalStage.RestMoved)
        {
            _sequence = ReadSequence();
            SetStage(WalStage.BulkMoves);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _closing = true;
            Monitor.Pulse(_gate);
        }

        _thread.Join();
        _mover.Dispose();
    }

    private void SeeWhetherItBeganAnew()
    {
        if (ReadSequence() != _sequence)
        {
            _bytes = 0;
            SetStage(WalStage.Quiet);
        }
        else if (_bytes > _retryBytes)
        {
            // A reader still needed the old frames, or a flush came between.
            MoveRest();
        }
    }

    private void WaitForTheMover()
    {
        lock (_gate)
        {
            while (_stage == WalStage.BulkMoves)
            {
                Monitor.Wait(_gate);
            }
        }
    }

    private void MoveRest()
    {
        try
        {
            _writer.CheckpointPassively();
        }
        catch (SqliteFailure e) when (e.IsDiskFull)
        {
            // The frames stay where they are, durable; the next try comes with more of them.
        }

        _bytes = 0;
        SetStage(WalStage.RestMoved);
    }

    private void SetStage(WalStage stage)
    {
        lock (_gate)
        {
            _stage = stage;
            Monitor.PulseAll(_gate);
        }
    }

    private void Run()
    {
        while (true)
        {
            lock (_gate)
            {
                while (_stage != WalStage.BulkMoves && !_closing)
                {
                    Monitor.Wait(_gate);
                }

                if (_closing)
                {
                    return;
                }
            }

            try
            {
                MoveBulk();
            }
            catch (Exception e)
            {
                _failure = e;
            }

            SetStage(WalStage.RestWaits);
            _wakeWriter();
        }
    }

    private void MoveBulk()
    {
        try
        {
            // The second round moves what came during the first, so that little is left to the writer.
            _mover.CheckpointPassively();
            _mover.CheckpointPassively();
        }
        catch (SqliteFailure e) when (e.IsDiskFull)
        {
            // The frames stay where they are, durable; the writer tries the rest.
        }
    }

    /// <summary>
    /// The WAL's own count of its beginnings: bytes 12 to 15 of its head (sqlite.org/walformat.html).
    /// </summary>
    private uint ReadSequence()
    {
        Span<byte> head = stackalloc byte[_headBytes];
        using FileStream wal = new(
            _walPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        return wal.ReadAtLeast(head, _headBytes, throwOnEndOfStream: false) == _headBytes
            ? BinaryPrimitives.ReadUInt32BigEndian(head[12..])
            : 0;
    }
}

/// <summary>How far the WAL is on its way into the database file.</summary>
internal enum WalStage
{
    /// <summary>It grows.</summary>
    Quiet,

    /// <summary>The moving thread is at it.</summary>
    BulkMoves,

    /// <summary>The writer is to move the rest.</summary>
    RestWaits,

    /// <summary>All was moved; the next flush begins it anew, if no reader needs the old frames.</summary>
    RestMoved,
}
