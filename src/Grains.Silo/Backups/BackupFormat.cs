namespace Grains.Silo.Backups;

/// <summary>
/// The bytes of a backup, format 1, little-endian. Eight bytes that name it and its format, then frames to the end:
/// <code>
///  0  u8   kind, see <see cref="BackupFrame"/>
///  1  u32  length n of the body
///  5  n    the body
///     u32  CRC-32C of kind, length and body
///
/// Header    see <see cref="BackupHeader"/>; the first frame
/// Begin     u32 partition, i64 epoch, i64 incarnation, i64 revision and u128 chain of the checkpoint (0 = none)
/// Chunk     a chunk of the checkpoint, as the journal keeps it
/// Record    u8 kind, i64 first revision, i32 count, i64 epoch, u128 chain, payload
/// End       i64 revision and u128 chain of the partition's newest record
/// Trailer   i64 partitions, chunks, records, bytes in chunks and payloads, u128 XXH128 of the file before this frame
/// </code>
/// A file without a trailer was cut off. Every part can be checked when it is read; nothing needs to be sought.
/// </summary>
internal static class BackupFormat
{
    public const int HeadBytes = 5;
    public const int CrcBytes = 4;
    public const int TailBytes = 24;
    public const int BeginBytes = 44;
    public const int RecordHeadBytes = 37;
    public const int TrailerBytes = 48;

    /// <summary>The largest payload with its head.</summary>
    public const int BodyBytesMax = (16 << 20) + 64;

    /// <summary>The last byte is the format.</summary>
    public static ReadOnlySpan<byte> Magic => "GRAINSB\u0001"u8;
}

/// <summary>The kinds of frame. Numbers are never reused.</summary>
internal enum BackupFrame : byte
{
    Header = 1,
    Begin = 2,
    Chunk = 3,
    Record = 4,
    End = 5,
    Trailer = 6,
}
