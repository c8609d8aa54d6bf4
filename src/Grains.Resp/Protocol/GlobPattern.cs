namespace Grains.Resp.Protocol;

/// <summary>
/// Patterns of KEYS, SCAN and CONFIG GET: <c>*</c>, <c>?</c>, <c>[a-z]</c>, <c>[^a]</c>, and a backslash before what is
/// meant as it is. Bytewise. Takes a step for each pair of bytes at the most, whatever the pattern.
/// </summary>
internal static class GlobPattern
{
    public static bool Matches(ReadOnlySpan<byte> pattern, ReadOnlySpan<byte> text)
    {
        int p = 0;
        int t = 0;
        int star = -1;
        int starText = 0;
        while (t < text.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                star = p++;
                starText = t;
            }
            else if (p < pattern.Length && TakesOne(pattern, ref p, text[t]))
            {
                t++;
            }
            else if (star >= 0)
            {
                p = star + 1;
                t = ++starText;
            }
            else
            {
                return false;
            }
        }

        return !pattern[p..].ContainsAnyExcept((byte)'*');
    }

    /// <summary>What every match begins with.</summary>
    public static byte[] Prefix(ReadOnlySpan<byte> pattern)
    {
        int end = pattern.IndexOfAny("*?[\\"u8);
        return (end < 0 ? pattern : pattern[..end]).ToArray();
    }

    /// <summary>Moves behind what stands for one byte, if it stands for that one.</summary>
    private static bool TakesOne(ReadOnlySpan<byte> pattern, ref int p, byte letter)
    {
        int at = p;
        bool takes;
        switch (pattern[at])
        {
            case (byte)'?':
                takes = true;
                at++;
                break;
            case (byte)'[':
                takes = IsInClass(pattern, ref at, letter);
                break;
            case (byte)'\\' when at + 1 < pattern.Length:
                takes = pattern[at + 1] == letter;
                at += 2;
                break;
            default:
                takes = pattern[at] == letter;
                at++;
                break;
        }

        p = takes ? at : p;
        return takes;
    }

    private static bool IsInClass(ReadOnlySpan<byte> pattern, ref int at, byte letter)
    {
        at++;
        bool isNegated = at < pattern.Length && pattern[at] == '^';
        at += isNegated ? 1 : 0;
        bool isIn = false;
        while (at < pattern.Length && pattern[at] != ']')
        {
            at += pattern[at] == '\\' && at + 1 < pattern.Length ? 1 : 0;
            byte first = pattern[at++];
            byte last = first;
            if (at + 1 < pattern.Length && pattern[at] == '-' && pattern[at + 1] != ']')
            {
                last = pattern[at + 1];
                at += 2;
            }

            isIn |= letter >= Math.Min(first, last) && letter <= Math.Max(first, last);
        }

        at += at < pattern.Length ? 1 : 0;
        return isIn != isNegated;
    }
}
