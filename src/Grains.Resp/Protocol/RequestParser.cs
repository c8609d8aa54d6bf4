using Grains.StateMachines.Codecs;

namespace Grains.Resp.Protocol;

/// <summary>
/// Bytes → commands: arrays of bulk strings, or a line of words
/// (https://redis.io/docs/latest/develop/reference/protocol-spec/). Nothing is set aside for what is only announced.
/// </summary>
internal static class RequestParser
{
    private static ReadOnlySpan<byte> LineEnd => "\r\n"u8;

    /// <summary>Reads one command.</summary>
    /// <param name="source">Where the bytes are; the arguments point into it.</param>
    /// <param name="start">Where the command begins; behind it, if there was a whole one.</param>
    /// <param name="end">So far there are bytes.</param>
    /// <param name="into">The command; none where the client sent an empty one.</param>
    /// <param name="error">What is wrong: what follows cannot be understood, so that the connection ends. Null =
    /// nothing.</param>
    /// <returns>False: it is not whole yet, or wrong.</returns>
    public static bool TryRead(byte[] source, ref int start, int end, Arguments into, out string? error)
    {
        error = null;
        into.Begin(source);
        if (start == end)
        {
            return false;
        }

        int at = start;
        bool isWhole = source[start] == '*'
            ? TryReadArray(source, ref at, end, into, out error)
            : TryReadLine(source, ref at, end, into, out error);
        if (!isWhole && error is null && end - start > RespLimits.CommandBytesMax)
        {
            error = "Protocol error: command is too long";
        }

        start = isWhole ? at : start;
        return isWhole;
    }

    private static bool TryReadArray(byte[] source, ref int at, int end, Arguments into, out string? error)
    {
        if (!TryReadLength(source, ref at, end, RespLimits.ArgumentsMax, "multibulk", out int count, out error))
        {
            return false;
        }

        for (int i = 0; i < count; i++)
        {
            if (at == end)
            {
                return false;
            }

            if (source[at] != '$')
            {
                error = $"Protocol error: expected '$', got '{Shown(source[at])}'";
                return false;
            }

            if (!TryReadLength(source, ref at, end, RespLimits.BulkBytesMax, "bulk", out int length, out error))
            {
                return false;
            }

            if (length < 0)
            {
                error = "Protocol error: invalid bulk length";
                return false;
            }

            if (end - at < length + LineEnd.Length)
            {
                return false;
            }

            if (!source.AsSpan(at + length, LineEnd.Length).SequenceEqual(LineEnd))
            {
                error = "Protocol error: bulk string does not end where it should";
                return false;
            }

            into.Add(at, length);
            at += length + LineEnd.Length;
        }

        return true;
    }

    /// <summary>A letter, a number, CR LF.</summary>
    private static bool TryReadLength(
        byte[] source, ref int at, int end, int max, string what, out int length, out string? error)
    {
        error = null;
        length = 0;
        ReadOnlySpan<byte> rest = source.AsSpan(at, end - at);
        int lineEnd = rest.IndexOf((byte)'\n');
        if (lineEnd < 0)
        {
            error = rest.Length > RespLimits.LengthBytesMax ? $"Protocol error: too big {what} count string" : null;
            return false;
        }

        if (lineEnd < 3 || rest[lineEnd - 1] != '\r' || !SignedNumber.TryParse(rest[1..(lineEnd - 1)], out long wide)
            || wide > max)
        {
            error = $"Protocol error: invalid {what} length";
            return false;
        }

        // Fewer than none are none, as Redis has it.
        length = (int)Math.Max(wide, -1);
        at += lineEnd + 1;
        return true;
    }

    private static bool TryReadLine(byte[] source, ref int at, int end, Arguments into, out string? error)
    {
        error = null;
        ReadOnlySpan<byte> rest = source.AsSpan(at, end - at);
        int lineEnd = rest.IndexOf((byte)'\n');
        if (lineEnd > RespLimits.InlineBytesMax || (lineEnd < 0 && rest.Length > RespLimits.InlineBytesMax))
        {
            error = "Protocol error: too big inline request";
            return false;
        }

        if (lineEnd < 0)
        {
            return false;
        }

        at += lineEnd + 1;
        ReadOnlySpan<byte> line = rest[..lineEnd];
        if (line.IndexOf(" HTTP/"u8) >= 0)
        {
            // A page in a browser may send one anywhere: what comes after it is never taken for commands.
            error = "Protocol error: this port is for Redis clients, and the request is HTTP; the API is on another "
                + "port";
            return false;
        }

        if (!InlineWords.TrySplit(line.EndsWith("\r"u8) ? line[..^1] : line, into))
        {
            error = "Protocol error: unbalanced quotes in request";
            return false;
        }

        return true;
    }

    private static char Shown(byte letter) => letter is > 0x20 and < 0x7f ? (char)letter : '?';
}
