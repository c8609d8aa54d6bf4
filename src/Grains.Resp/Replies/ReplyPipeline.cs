using System.Collections.Concurrent;
using System.Net.Sockets;
using Grains.Resp.Protocol;
using Grains.Resp.Sockets;

namespace Grains.Resp.Replies;

/// <summary>
/// The replies of one connection, in the order of their commands. One adds, one sends; what is ready goes out in one
/// piece. What is under way is bounded: who adds waits.
/// </summary>
internal sealed class ReplyPipeline
{
    /// <summary>A piece is sent when it is as long, whatever is ready behind it.</summary>
    private const int _pieceBytes = 256 << 10;

    private readonly ClientSocket _socket;
    private readonly ConcurrentQueue<Pending> _pending = new();
    private readonly WorkSignal _work = new();
    private readonly WorkSignal _next = new();
    private readonly Func<bool> _hasWork;
    private readonly Action _setNext;
    private readonly Lock _lock = new();
    private readonly RespWriter _writer = new();
    private TaskCompletionSource? _room;
    private int _wantedCount;
    private int _wantedBytes;
    private bool _isOver;
    private volatile bool _isComplete;
    private int _count;
    private int _bytes;
    private uint _sent;

    public ReplyPipeline(ClientSocket socket)
    {
        _socket = socket;
        _hasWork = () => !_pending.IsEmpty || _isComplete;
        _setNext = _next.Set;
    }

    /// <summary>Commands so far; of the one that adds.</summary>
    public uint Begun { get; private set; }

    /// <summary>Of those, answered; any thread.</summary>
    public uint Sent => Volatile.Read(ref _sent);

    public bool IsFull =>
        Volatile.Read(ref _count) >= RespLimits.PipelinedMax
            || Volatile.Read(ref _bytes) >= RespLimits.PipelinedBytesMax;

    public void Add(Pending reply)
    {
        Begun++;
        Interlocked.Increment(ref _count);
        Interlocked.Add(ref _bytes, reply.Bytes);
        _pending.Enqueue(reply);
    }

    /// <summary>What was added may go out: from here, where nothing is waited for.</summary>
    public void Send() => _work.Set();

    /// <summary>Nothing is added any more.</summary>
    public void Complete()
    {
        _isComplete = true;
        _work.Set();
    }

    /// <summary>Until all that was added is sent.</summary>
    public Task WaitUntilSentAsync() => WaitAsync(0, 0);

    /// <summary>Until no more than half of what may be under way is.</summary>
    public Task WaitForRoomAsync() => WaitAsync(RespLimits.PipelinedMax / 2, RespLimits.PipelinedBytesMax / 2);

    /// <summary>Sends until nothing more is to come.</summary>
    /// <exception cref="SocketException">The client went away.</exception>
    public async Task RunAsync()
    {
        try
        {
            while (true)
            {
                while (_pending.TryDequeue(out Pending? next))
                {
                    if (!next.IsReady && _writer.Length > 0)
                    {
                        // What one flush of the journal made durable is answered by many partitions at about the same
                        // time.
                        await Task.Yield();
                    }

                    if (!next.IsReady)
                    {
                        await FlushAsync();
                        await WaitForAsync(next).ConfigureAwait(false);
                    }

                    Write(next);
                    if (_writer.Length >= _pieceBytes || next.EndsConnection)
                    {
                        await FlushAsync();
                    }

                    if (next.EndsConnection)
                    {
                        return;
                    }
                }

                await FlushAsync();
                if (_isComplete && _pending.IsEmpty)
                {
                    return;
                }

                await _work.WaitAsync(_hasWork).ConfigureAwait(false);
            }
        }
        finally
        {
            _writer.Dispose();
            lock (_lock)
            {
                _isOver = true;
                _room?.TrySetResult();
            }
        }
    }

    private ValueTask WaitForAsync(Pending next)
    {
        ValueTask isReady = _next.WaitAsync(static () => false);
        next.WhenReady(_setNext);
        return isReady;
    }

    private async Task WaitAsync(int count, int bytes)
    {
        _work.Set();
        Task room;
        lock (_lock)
        {
            if (_isOver)
            {
                return;
            }

            (_wantedCount, _wantedBytes) = (count, bytes);
            _room = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            room = _room.Task;
        }

        // Set before it is looked, as the other side looks after it has counted: one of the two sees it.
        Interlocked.MemoryBarrier();
        SayRoom();
        await room;
    }

    private async ValueTask FlushAsync()
    {
        if (_writer.Length > 0)
        {
            await _socket.SendAsync(_writer.Written);
            _writer.Clear();
        }

        SayRoom();
    }

    private void Write(Pending reply)
    {
        reply.Write(_writer);
        Volatile.Write(ref _sent, unchecked(_sent + 1));
        Interlocked.Decrement(ref _count);
        Interlocked.Add(ref _bytes, -reply.Bytes);
    }

    private void SayRoom()
    {
        if (Volatile.Read(ref _room) is null)
        {
            return;
        }

        lock (_lock)
        {
            if (_room is not null && Volatile.Read(ref _count) <= _wantedCount
                && Volatile.Read(ref _bytes) <= _wantedBytes)
            {
                _room.TrySetResult();
                _room = null;
            }
        }
    }
}
