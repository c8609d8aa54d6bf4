using System.Text;

namespace Grains.Tidy.Tests;

/// <summary>
/// C# without comments and without the text of strings, line for line: what a banned word must not be in.
/// </summary>
internal static class SourceText
{
    public static string[] CodeLines(string source)
    {
        var code = new StringBuilder(source.Length);
        for (int i = 0; i < source.Length;)
        {
            int end = EndOfSilence(source, i);
            if (end == i)
            {
                code.Append(source[i++]);
                continue;
            }

            code.Append('\n', source.AsSpan(i, end - i).Count('\n'));
            i = end;
        }

        return code.ToString().Split('\n');
    }

    /// <summary>The lines that are not of the text of a raw string, which is as wide as it is.</summary>
    public static IEnumerable<(int Number, string Text)> OutsideRawStrings(string source)
    {
        bool isInside = false;
        foreach ((int at, string line) in source.Split('\n').Index())
        {
            bool changes = line.Split("\"\"\"").Length % 2 == 0;
            if (!isInside && !changes)
            {
                yield return (at + 1, line);
            }

            isInside ^= changes;
        }
    }

    /// <summary>Where the comment or string that starts here ends; here, if none starts.</summary>
    private static int EndOfSilence(string source, int start)
    {
        ReadOnlySpan<char> rest = source.AsSpan(start);
        if (rest.StartsWith("//"))
        {
            return End(source, start, "\n", 0);
        }

        if (rest.StartsWith("/*"))
        {
            return End(source, start + 2, "*/", 2);
        }

        if (rest.StartsWith("\"\"\""))
        {
            // A raw string ends with as many quotes as it began with.
            string quotes = rest[..rest.IndexOfAnyExcept('"')].ToString();
            return End(source, start + quotes.Length, quotes, quotes.Length);
        }

        if (rest.StartsWith("'\"'") || rest.StartsWith("'\\\"'"))
        {
            return start + (rest[1] == '\\' ? 4 : 3);
        }

        return rest[0] == '"' ? EndOfPlainString(source, start) : start;
    }

    private static int EndOfPlainString(string source, int start)
    {
        ReadOnlySpan<char> before = source.AsSpan(0, start);
        bool verbatim = before.EndsWith("@") || before.EndsWith("@$");
        for (int i = start + 1; i < source.Length; i++)
        {
            if (source[i] == '\\' && !verbatim)
            {
                i++;
            }
            else if (source[i] == '"')
            {
                if (verbatim && i + 1 < source.Length && source[i + 1] == '"')
                {
                    i++;
                }
                else
                {
                    return i + 1;
                }
            }
        }

        return source.Length;
    }

    private static int End(string source, int from, string mark, int taken)
    {
        int at = source.IndexOf(mark, Math.Min(from, source.Length), StringComparison.Ordinal);
        return at < 0 ? source.Length : at + taken;
    }
}
