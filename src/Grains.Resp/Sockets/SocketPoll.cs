using System.Buffers.Binary;
using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Grains.Resp.Sockets;

/// <summary>
/// Linux' epoll: one wait for all sockets. A socket is told of once for each change (edge-triggered), so nothing is
/// asked of the kernel between two commands of a connection but to receive and to send.
/// </summary>
internal sealed partial class SocketPoll : IDisposable
{
    public const uint CanRead = 0x1;
    public const uint CanWrite = 0x4;

    /// <summary>An error, or one side of the connection is closed: what is left is read to its end.</summary>
    public const uint IsEnding = 0x8 | 0x10 | _halfClosed;

    private const uint _halfClosed = 0x2000;
    private const uint _edges = 1u << 31;
    private const int _closeOnExec = 0x80000;
    private const int _nonBlocking = 0x800;
    private const int _add = 1;
    private const int _interrupted = 4;
    private const int _eventsMax = 512;

    /// <summary>The kernel packs its struct on one architecture only.</summary>
    private static readonly int _stride = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;

    private readonly Lock _lock = new();
    private readonly byte[] _events = GC.AllocateArray<byte>(_eventsMax * _stride, pinned: true);
    private readonly int _poll;
    private readonly int _wake;
    private bool _isClosed;

    public SocketPoll()
    {
        _poll = Checked(Create(_closeOnExec), "epoll_create1");
        _wake = Checked(CreateEvent(0, _closeOnExec | _nonBlocking), "eventfd");
        Add(_wake, 0, CanRead | _edges);
    }

    /// <param name="socket">Its descriptor; closing it takes it out.</param>
    /// <param name="id">Above 0; what is told names it.</param>
    public void Add(int socket, long id) => Add(socket, id, CanRead | CanWrite | _halfClosed | _edges);

    /// <summary>Any thread: the present wait ends, or the next.</summary>
    public void Wake()
    {
        ulong one = 1;
        lock (_lock)
        {
            // Its number may be another file's by then.
            if (!_isClosed)
            {
                _ = Write(_wake, in one, sizeof(ulong));
            }
        }
    }

    /// <returns>How many of them have something, to be asked for with <see cref="At"/>.</returns>
    public int Wait(bool mayWait)
    {
        int count;
        do
        {
            count = Wait(_poll, ref _events[0], _eventsMax, mayWait ? -1 : 0);
        }
        while (count < 0 && Marshal.GetLastPInvokeError() == _interrupted);

        return Checked(count, "epoll_wait");
    }

    /// <returns>What is told of which socket; id 0 = <see cref="Wake"/> was called.</returns>
    public (long Id, uint What) At(int index)
    {
        ReadOnlySpan<byte> told = _events.AsSpan(index * _stride, _stride);
        return (BinaryPrimitives.ReadInt64LittleEndian(told[(_stride - 8)..]),
            BinaryPrimitives.ReadUInt32LittleEndian(told));
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _isClosed = true;
            _ = Close(_poll);
            _ = Close(_wake);
        }
    }

    private void Add(int file, long id, uint what)
    {
        Span<byte> told = stackalloc byte[_stride];
        BinaryPrimitives.WriteUInt32LittleEndian(told, what);
        BinaryPrimitives.WriteInt64LittleEndian(told[(_stride - 8)..], id);
        Checked(Control(_poll, _add, file, ref told[0]), "epoll_ctl");
    }

    private static int Checked(int result, string call) => result >= 0
        ? result
        : throw new Win32Exception(
            Marshal.GetLastPInvokeError(), $"{call} failed: {Marshal.GetLastPInvokeErrorMessage()}.");

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    private static partial int Create(int flags);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    private static partial int CreateEvent(uint first, int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    private static partial int Control(int poll, int what, int file, ref byte told);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    private static partial int Wait(int poll, ref byte events, int eventsMax, int waitMs);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint Write(int file, in ulong value, nint bytes);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int file);
}
