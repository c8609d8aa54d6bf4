using Grains.Journal.Log;

namespace Grains.Journal.Sqlite;

/// <summary>What is to be deleted, in steps so small that no append waits long for one. The writer's own.</summary>
internal sealed class Housekeeping(RowLedger ledger, int bytesPerStepMax)
{
    private const int _chunkBytesGuess = 64 << 10;
    private readonly Queue<(long Row, int Bytes)> _rows = new();
    private readonly Queue<(long Checkpoint, int Next, int Chunks)> _checkpoints = new();
    private int _rowsInStep;
    private int _chunksInStep;
    private bool _paused;

    public RowLedger Ledger => ledger;

    public bool HasWork => !_paused && (_rows.Count > 0 || _checkpoints.Count > 0);

    /// <summary>Waits until another write has succeeded: a full disk is not to be tried again and again.</summary>
    public void Pause() => _paused = true;

    public void Resume() => _paused = false;

    public void Forget(IReadOnlyList<LogEntry> entries) => Enqueue(ledger.Release(entries));

    public void Enqueue(List<(long Row, int Bytes)> rows) => rows.ForEach(_rows.Enqueue);

    public void DeleteCheckpoint(long id, int chunks)
    {
        if (chunks > 0)
        {
            _checkpoints.Enqueue((id, 0, chunks));
        }
    }

    /// <summary>Stages one step; it is done when <see cref="StepCommitted"/> says so.</summary>
    public void StageStep(FlushTransaction flush)
    {
        _rowsInStep = 0;
        _chunksInStep = 0;
        if (_paused)
        {
            return;
        }

        long bytes = 0;
        foreach ((long row, int size) in _rows)
        {
            if (bytes >= bytesPerStepMax)
            {
                return;
            }

            flush.DeleteRow(row);
            bytes += size;
            _rowsInStep++;
        }

        if (_checkpoints.TryPeek(out (long Checkpoint, int Next, int Chunks) oldest))
        {
            for (int i = oldest.Next; i < oldest.Chunks && bytes < bytesPerStepMax; i++, bytes += _chunkBytesGuess)
            {
                flush.DeleteChunk(ChunkKey.Of(oldest.Checkpoint, i));
                _chunksInStep++;
            }
        }
    }

    public void StepCommitted()
    {
        for (; _rowsInStep > 0; _rowsInStep--)
        {
            _rows.Dequeue();
        }

        if (_chunksInStep > 0)
        {
            (long checkpoint, int next, int chunks) = _checkpoints.Dequeue();
            if (next + _chunksInStep < chunks)
            {
                // To the back: no checkpoint waits for a larger one.
                _checkpoints.Enqueue((checkpoint, next + _chunksInStep, chunks));
            }

            _chunksInStep = 0;
        }
    }
}
