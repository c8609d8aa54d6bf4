using System.Globalization;
using System.Text;
using System.Text.Unicode;
using Grains.StateMachines.Codecs;

namespace Grains.Journal.Folders;

/// <summary>
/// Text that people may read, with a last line that shows a changed byte: the CRC-32C of all before it.
/// </summary>
public static class SealedText
{
    internal const int CrcLineBytes = 10;

    public static byte[] Seal(string text)
    {
        byte[] bytes = new byte[Encoding.UTF8.GetByteCount(text) + CrcLineBytes];
        int length = Encoding.UTF8.GetBytes(text, bytes);
        WriteCrcLine(bytes.AsSpan(0, length), bytes.AsSpan(length));
        return bytes;
    }

    /// <returns>Null: the bytes are not what was sealed.</returns>
    public static string? Open(ReadOnlySpan<byte> bytes) =>
        IsSealed(bytes) ? Encoding.UTF8.GetString(bytes[..^CrcLineBytes]) : null;

    internal static bool IsSealed(ReadOnlySpan<byte> bytes)
    {
        Span<byte> crc = stackalloc byte[CrcLineBytes];
        if (bytes.Length < CrcLineBytes)
        {
            return false;
        }

        WriteCrcLine(bytes[..^CrcLineBytes], crc);
        return bytes[^CrcLineBytes..].SequenceEqual(crc);
    }

    internal static void WriteCrcLine(ReadOnlySpan<byte> text, Span<byte> to) =>
        Utf8.TryWrite(to, CultureInfo.InvariantCulture, $"\n{Crc32C.Compute(text):x8}\n", out _);
}
