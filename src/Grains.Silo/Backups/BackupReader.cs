using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.CompilerServices;
using Grains.Journal;
using Grains.Journal.Images;
using Grains.StateMachines.Codecs;
using Grains.StateMachines.Ids;

namespace Grains.Silo.Backups;

/// <summary>Reads one backup from its beginning to its end, and names what is wrong with it.</summary>
public sealed class BackupReader
{
    private readonly Stream _from;
    private readonly XxHash128 _sum = new();
    private byte[] _frame = new byte[64 << 10];
    private long _at;

    private BackupReader(Stream from) => _from = from;

    public BackupHeader Header { get; private set; } = null!;

    /// <summary>Set when everything was read and found whole.</summary>
    public BackupSummary? Summary { get; private set; }

    /// <summary>Reads the header. The stream stays the caller's.</summary>
    /// <exception cref="ImageDamagedException">It is no backup, or none that this version reads.</exception>
    public static async Task<BackupReader> OpenAsync(Stream from, CancellationToken cancel)
    {
        BackupReader reader = new(from);
        await reader.FillAsync(0, BackupFormat.Magic.Length, cancel);
        if (!reader._frame.AsSpan(0, BackupFormat.Magic.Length).SequenceEqual(BackupFormat.Magic))
        {
            throw new ImageDamagedException("it does not begin as a backup of format 1 does.");
        }

        reader._sum.Append(BackupFormat.Magic);
        (BackupFrame kind, ReadOnlyMemory<byte> body) = await reader.NextAsync(cancel);
        if (kind != BackupFrame.Header)
        {
            throw new ImageDamagedException($"its first frame is {kind}, not the header.");
        }

        try
        {
            reader.Header = BackupHeader.Decode(body.ToArray());
        }
        catch (FormatException e)
        {
            throw new ImageDamagedException(e.Message, e);
        }

        return reader;
    }

    /// <summary>Every part, once; the end of the enumeration is the proof that nothing is missing.</summary>
    /// <exception cref="ImageDamagedException">The file was cut off or changed.</exception>
    public async IAsyncEnumerable<ImagePart> PartsAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        ImageChecks checks = new();
        while (true)
        {
            UInt128 before = _sum.GetCurrentHashAsUInt128();
            (BackupFrame kind, ReadOnlyMemory<byte> body) = await NextAsync(cancel);
            if (kind == BackupFrame.Trailer)
            {
                checks.Finish();
                await EndAsync(body, new BackupSummary(checks.Totals, before), cancel);
                yield break;
            }

            ImagePart part = Part(kind, body);
            checks.Check(part);
            yield return part;
        }
    }

    private async Task EndAsync(ReadOnlyMemory<byte> body, BackupSummary found, CancellationToken cancel)
    {
        Expect(body, BackupFormat.TrailerBytes, BackupFrame.Trailer);
        ReadOnlySpan<byte> from = body.Span;
        BackupSummary stored = new(
            new ImageTotals(
                BinaryPrimitives.ReadInt64LittleEndian(from), BinaryPrimitives.ReadInt64LittleEndian(from[8..]),
                BinaryPrimitives.ReadInt64LittleEndian(from[16..]), BinaryPrimitives.ReadInt64LittleEndian(from[24..])),
            BinaryPrimitives.ReadUInt128LittleEndian(from[32..]));
        if (stored != found)
        {
            throw new ImageDamagedException($"its trailer speaks of {stored}, and it holds {found}.");
        }

        if (await _from.ReadAsync(_frame.AsMemory(0, 1), cancel) > 0)
        {
            throw new ImageDamagedException($"it goes on after its trailer, at byte {_at}.");
        }

        Summary = found;
    }

    private ImagePart Part(BackupFrame kind, ReadOnlyMemory<byte> body)
    {
        ReadOnlySpan<byte> from = body.Span;
        switch (kind)
        {
            case BackupFrame.Begin:
                Expect(body, BackupFormat.BeginBytes, kind);
                return new ImagePart.Begin(
                    new PartitionId(BinaryPrimitives.ReadUInt32LittleEndian(from)),
                    new Epoch(BinaryPrimitives.ReadInt64LittleEndian(from[4..])),
                    BinaryPrimitives.ReadInt64LittleEndian(from[12..]),
                    Tail(from[20..]));
            case BackupFrame.Chunk:
                return new ImagePart.Chunk(body);
            case BackupFrame.Record when body.Length >= BackupFormat.RecordHeadBytes:
                return new ImagePart.Entry(new JournalRecord(
                    (JournalRecordKind)from[0],
                    new Revision(BinaryPrimitives.ReadInt64LittleEndian(from[1..])),
                    BinaryPrimitives.ReadInt32LittleEndian(from[9..]),
                    new Epoch(BinaryPrimitives.ReadInt64LittleEndian(from[13..])),
                    BinaryPrimitives.ReadUInt128LittleEndian(from[21..]),
                    body[BackupFormat.RecordHeadBytes..].ToArray()));
            case BackupFrame.End:
                Expect(body, BackupFormat.TailBytes, kind);
                return new ImagePart.End(Tail(from));
            default:
                throw new ImageDamagedException(
                    $"the frame before byte {_at} has kind {(byte)kind} and {body.Length} bytes.");
        }
    }

    private static JournalTail Tail(ReadOnlySpan<byte> from) => new(
        new Revision(BinaryPrimitives.ReadInt64LittleEndian(from)),
        BinaryPrimitives.ReadUInt128LittleEndian(from[8..]));

    private static void Expect(ReadOnlyMemory<byte> body, int bytes, BackupFrame kind)
    {
        if (body.Length != bytes)
        {
            throw new ImageDamagedException($"a frame of kind {kind} has {body.Length} bytes and should have {bytes}.");
        }
    }

    /// <summary>The next frame; its body is valid until the one after.</summary>
    private async ValueTask<(BackupFrame Kind, ReadOnlyMemory<byte> Body)> NextAsync(CancellationToken cancel)
    {
        long begun = _at;
        await FillAsync(0, BackupFormat.HeadBytes, cancel);
        int length = BinaryPrimitives.ReadInt32LittleEndian(_frame.AsSpan(1));
        if (length is < 0 or > BackupFormat.BodyBytesMax)
        {
            throw new ImageDamagedException($"the frame at byte {begun} claims {length} bytes.");
        }

        int bytes = BackupFormat.HeadBytes + length;
        await FillAsync(BackupFormat.HeadBytes, length + BackupFormat.CrcBytes, cancel);
        uint stored = BinaryPrimitives.ReadUInt32LittleEndian(_frame.AsSpan(bytes));
        uint found = Crc32C.Compute(_frame.AsSpan(0, bytes));
        if (stored != found)
        {
            throw new ImageDamagedException(
                $"the frame at byte {begun} has CRC {found:x8} and should have {stored:x8}.");
        }

        _sum.Append(_frame.AsSpan(0, bytes + BackupFormat.CrcBytes));
        return ((BackupFrame)_frame[0], _frame.AsMemory(BackupFormat.HeadBytes, length));
    }

    private async ValueTask FillAsync(int offset, int bytes, CancellationToken cancel)
    {
        if (_frame.Length < offset + bytes)
        {
            Array.Resize(ref _frame, Math.Max(offset + bytes, _frame.Length * 2));
        }

        int read = await _from.ReadAtLeastAsync(
            _frame.AsMemory(offset, bytes), bytes, throwOnEndOfStream: false, cancel);
        _at += read;
        if (read < bytes)
        {
            throw new ImageDamagedException($"it was cut off at byte {_at}, before its trailer.");
        }
    }
}
