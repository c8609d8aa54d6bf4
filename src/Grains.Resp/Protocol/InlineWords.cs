namespace Grains.Resp.Protocol;

/// <summary>
/// A line of words, as people type it: quotes keep blanks together; inside double ones a backslash escapes.
/// </summary>
internal static class InlineWords
{
    /// <summary>False: a quote has no end, or something other than a blank follows it.</summary>
    public static bool TrySplit(ReadOnlySpan<byte> line, Arguments into)
    {
        // Words are never longer than what they are written as.
        byte[] words = new byte[line.Length];
        into.Begin(words);
        int used = 0;
        while (true)
        {
            line = line.TrimStart(" \t\0"u8);
            if (line.Length == 0)
            {
                return true;
            }

            int start = used;
            if (!TryTake(ref line, words, ref used))
            {
                return false;
            }

            into.Add(start, used - start);
            if (into.Count > RespLimits.ArgumentsMax)
            {
                return false;
            }
        }
    }

    private static bool TryTake(ref ReadOnlySpan<byte> line, byte[] words, ref int used)
    {
        byte quote = 0;
        while (line.Length > 0)
        {
            byte next = line[0];
            line = line[1..];
            if (quote == 0 && next is (byte)' ' or (byte)'\t' or 0)
            {
                return true;
            }

            if (quote == 0 && next is (byte)'"' or (byte)'\'')
            {
                quote = next;
            }
            else if (quote != 0 && next == quote)
            {
                return line.Length == 0 || line[0] is (byte)' ' or (byte)'\t' or 0;
            }
            else
            {
                words[used++] = next == '\\' && line.Length > 0 && (quote == '"' || (quote == '\'' && line[0] == '\''))
                    ? Unescape(ref line, quote) : next;
            }
        }

        return quote == 0;
    }

    private static byte Unescape(ref ReadOnlySpan<byte> line, byte quote)
    {
        byte escaped = line[0];
        if (quote == '"' && escaped == 'x' && line.Length > 2 && Hex(line[1]) is { } high && Hex(line[2]) is { } low)
        {
            line = line[3..];
            return (byte)((high << 4) | low);
        }

        line = line[1..];
        return quote == '\'' ? escaped : escaped switch
        {
            (byte)'n' => (byte)'\n',
            (byte)'r' => (byte)'\r',
            (byte)'t' => (byte)'\t',
            (byte)'b' => (byte)'\b',
            (byte)'a' => (byte)'\a',
            _ => escaped,
        };
    }

    private static int? Hex(byte digit) => digit switch
    {
        >= (byte)'0' and <= (byte)'9' => digit - '0',
        >= (byte)'a' and <= (byte)'f' => digit - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => digit - 'A' + 10,
        _ => null,
    };
}
