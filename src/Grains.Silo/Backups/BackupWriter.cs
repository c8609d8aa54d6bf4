using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;
using Grains.Journal;
using Grains.Journal.Images;
using Grains.StateMachines.Codecs;

namespace Grains.Silo.Backups;

/// <summary>Writes one backup, in order, with one buffer.</summary>
public sealed class BackupWriter(Stream to)
{
    private const int _flushBytes = 256 << 10;
    private readonly ArrayBufferWriter<byte> _buffer = new(_flushBytes);
    private readonly XxHash128 _sum = new();

    /// <summary>Bytes handed to the stream.</summary>
    public long Written { get; private set; }

    /// <summary>Header, every part, trailer. The parts are held to their rules on the way.</summary>
    /// <returns>What the trailer says.</returns>
    public async Task<BackupSummary> WriteAsync(
        BackupHeader header, IAsyncEnumerable<ImagePart> parts, CancellationToken cancel)
    {
        ImageChecks checks = new();
        _buffer.Write(BackupFormat.Magic);
        _sum.Append(BackupFormat.Magic);
        Frame(BackupFrame.Header, header.Encode(), default);
        await foreach (ImagePart part in parts.Checked(checks, cancel))
        {
            Add(part);
            if (_buffer.WrittenCount >= _flushBytes)
            {
                await FlushAsync(cancel);
            }
        }

        BackupSummary summary = new(checks.Totals, _sum.GetCurrentHashAsUInt128());
        Frame(BackupFrame.Trailer, Trailer(summary), default);
        await FlushAsync(cancel);
        await to.FlushAsync(cancel);
        return summary;
    }

    private async Task FlushAsync(CancellationToken cancel)
    {
        await to.WriteAsync(_buffer.WrittenMemory, cancel);
        Written += _buffer.WrittenCount;
        _buffer.ResetWrittenCount();
    }

    private void Add(ImagePart part)
    {
        Span<byte> head = stackalloc byte[BackupFormat.BeginBytes];
        switch (part)
        {
            case ImagePart.Begin begin:
                BinaryPrimitives.WriteUInt32LittleEndian(head, begin.Partition.Value);
                BinaryPrimitives.WriteInt64LittleEndian(head[4..], begin.Epoch.Value);
                BinaryPrimitives.WriteInt64LittleEndian(head[12..], begin.Incarnation);
                Tail(head[20..], begin.Checkpoint);
                Frame(BackupFrame.Begin, head, default);
                break;
            case ImagePart.Chunk chunk:
                Frame(BackupFrame.Chunk, default, chunk.Bytes.Span);
                break;
            case ImagePart.Entry { Record: var record }:
                head[0] = (byte)record.Kind;
                BinaryPrimitives.WriteInt64LittleEndian(head[1..], record.First.Value);
                BinaryPrimitives.WriteInt32LittleEndian(head[9..], record.Count);
                BinaryPrimitives.WriteInt64LittleEndian(head[13..], record.Epoch.Value);
                BinaryPrimitives.WriteUInt128LittleEndian(head[21..], record.Chain);
                Frame(BackupFrame.Record, head[..BackupFormat.RecordHeadBytes], record.Payload.Span);
                break;
            case ImagePart.End end:
                Tail(head, end.Tail);
                Frame(BackupFrame.End, head[..BackupFormat.TailBytes], default);
                break;
        }
    }

    private static void Tail(Span<byte> at, JournalTail tail)
    {
        BinaryPrimitives.WriteInt64LittleEndian(at, tail.Revision.Value);
        BinaryPrimitives.WriteUInt128LittleEndian(at[8..], tail.Chain);
    }

    private static byte[] Trailer(BackupSummary summary)
    {
        byte[] body = new byte[BackupFormat.TrailerBytes];
        BinaryPrimitives.WriteInt64LittleEndian(body, summary.Totals.Partitions);
        BinaryPrimitives.WriteInt64LittleEndian(body.AsSpan(8), summary.Totals.Chunks);
        BinaryPrimitives.WriteInt64LittleEndian(body.AsSpan(16), summary.Totals.Records);
        BinaryPrimitives.WriteInt64LittleEndian(body.AsSpan(24), summary.Totals.Bytes);
        BinaryPrimitives.WriteUInt128LittleEndian(body.AsSpan(32), summary.Checksum);
        return body;
    }

    private void Frame(BackupFrame kind, ReadOnlySpan<byte> head, ReadOnlySpan<byte> body)
    {
        int bytes = BackupFormat.HeadBytes + head.Length + body.Length;
        Span<byte> frame = _buffer.GetSpan(bytes + BackupFormat.CrcBytes);
        frame[0] = (byte)kind;
        BinaryPrimitives.WriteInt32LittleEndian(frame[1..], head.Length + body.Length);
        head.CopyTo(frame[BackupFormat.HeadBytes..]);
        body.CopyTo(frame[(BackupFormat.HeadBytes + head.Length)..]);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[bytes..], Crc32C.Compute(frame[..bytes]));
        _sum.Append(frame[..(bytes + BackupFormat.CrcBytes)]);
        _buffer.Advance(bytes + BackupFormat.CrcBytes);
    }
}

/// <summary>How much is in a backup, and the sum over its bytes.</summary>
public readonly record struct BackupSummary(ImageTotals Totals, UInt128 Checksum);
