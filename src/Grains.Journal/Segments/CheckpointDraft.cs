using System.Buffers.Binary;
using Grains.Journal.Folders;
using Grains.Journal.Log;
using Grains.StateMachines.Ids;
using Microsoft.Win32.SafeHandles;

namespace Grains.Journal.Segments;

/// <summary>
/// A checkpoint that is being written: nothing of it counts before it was finished and the log points to it.
/// </summary>
internal sealed class CheckpointDraft : IDisposable
{
    /// <summary>Synced so often, so that no flush of the log waits behind much of it.</summary>
    private const int _bytesPerSync = 1 << 20;

    private readonly string _path;
    private readonly PartitionId _partition;
    private readonly SafeFileHandle _file;
    private long _at = CheckpointHead.Bytes;
    private long _synced;
    private bool _isFinished;

    public CheckpointDraft(string path, PartitionId partition, CheckpointPointer pointer)
    {
        (_path, _partition, Pointer) = (path, partition, pointer);
        _file = File.OpenHandle(Draft, FileMode.Create, FileAccess.Write, FileShare.Read | FileShare.Delete);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(_file, FolderAccess.FileMode);
        }
    }

    /// <summary>With as many chunks as it has by now.</summary>
    public CheckpointPointer Pointer { get; private set; }

    private string Draft => _path + SegmentNames.Draft;

    public void Add(ReadOnlySpan<byte> chunk)
    {
        byte[] stored = SealedBytes.Seal(ChunkKey.Of(Pointer.Id, Pointer.Chunks), chunk);
        Span<byte> head = stackalloc byte[CheckpointHead.ChunkHeadBytes];
        BinaryPrimitives.WriteInt32LittleEndian(head, stored.Length);
        RandomAccess.Write(_file, head, _at);
        RandomAccess.Write(_file, stored, _at + head.Length);
        _at += head.Length + stored.Length;
        Pointer = Pointer with { Chunks = Pointer.Chunks + 1 };
        if (_at - _synced > _bytesPerSync)
        {
            FolderSync.FlushData(_file);
            _synced = _at;
        }
    }

    /// <summary>On return it is whole and durable, under its name; nothing points to it yet.</summary>
    public void Finish()
    {
        RandomAccess.Write(_file, CheckpointHead.Encode(_partition, Pointer, _at), 0);
        FolderSync.FlushData(_file);
        File.Move(Draft, _path, overwrite: true);
        _isFinished = true;
        FolderSync.Flush(Path.GetDirectoryName(_path)!);
    }

    public void Dispose()
    {
        _file.Dispose();
        if (!_isFinished)
        {
            File.Delete(Draft);
        }
    }
}
