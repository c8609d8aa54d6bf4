using System.Text;
using Grains.Resp.Protocol;

namespace Grains.Resp.Tests;

public class ParserTests
{
    [Fact]
    public void Commands_cut_at_any_byte_are_read_as_if_they_came_whole()
    {
        const string all = "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4\r\n\r\n\r\n\r\nPING \"a "
            + "b\"\r\n*0\r\n\r\n*1\r\n$0\r\n\r\n*-1\r\n*-10\r\nGET 'x'\n";
        string[] wanted = ["SET|k|\r\n\r\n", "PING|a b", "", "", "", "", "", "GET|x"];
        byte[] bytes = Encoding.Latin1.GetBytes(all);
        for (int cut = 0; cut <= bytes.Length; cut++)
        {
            int start = 0;
            List<string> read = [];
            foreach (int end in new[] { cut, bytes.Length })
            {
                read.AddRange(ReadAll(bytes, ref start, end, out string? error));
                Assert.Null(error);
            }

            Assert.Equal(wanted, read);
            Assert.Equal(bytes.Length, start);
        }
    }

    [Theory]
    [InlineData("*abc\r\n", "Protocol error: invalid multibulk length")]
    [InlineData("*+1\r\n", "Protocol error: invalid multibulk length")]
    [InlineData("*01\r\n", "Protocol error: invalid multibulk length")]
    [InlineData("*1\n", "Protocol error: invalid multibulk length")]
    [InlineData("*1048576\r\n", "Protocol error: invalid multibulk length")]
    [InlineData("*99999999999999999999\r\n", "Protocol error: invalid multibulk length")]
    [InlineData("*000000000000000000000000000000000000000000000", "Protocol error: too big multibulk count string")]
    [InlineData("*1\r\n:1\r\n", "Protocol error: expected '$', got ':'")]
    [InlineData("*1\r\n\r\n", "Protocol error: expected '$', got '?'")]
    [InlineData("*1\r\n$-1\r\n", "Protocol error: invalid bulk length")]
    [InlineData("*1\r\n$-2\r\n", "Protocol error: invalid bulk length")]
    [InlineData("*1\r\n$536870912\r\n", "Protocol error: invalid bulk length")]
    [InlineData("*1\r\n$1048577\r\n", "Protocol error: invalid bulk length")]
    [InlineData("*1\r\n$x\r\n", "Protocol error: invalid bulk length")]
    [InlineData("*1\r\n$1\r\nabc", "Protocol error: bulk string does not end where it should")]
    [InlineData("GET \"a\r\n", "Protocol error: unbalanced quotes in request")]
    [InlineData("GET \"a\"b\r\n", "Protocol error: unbalanced quotes in request")]
    [InlineData("GET 'a\r\n", "Protocol error: unbalanced quotes in request")]
    public void What_cannot_be_understood_is_said_in_Redis_words(string sent, string wanted)
    {
        int start = 0;
        byte[] bytes = Encoding.Latin1.GetBytes(sent);
        Assert.Empty(ReadAll(bytes, ref start, bytes.Length, out string? error));
        Assert.Equal(wanted, error);
    }

    [Fact]
    public void A_line_without_end_is_refused_when_it_is_too_long()
    {
        int start = 0;
        byte[] bytes = [.. Enumerable.Repeat((byte)'a', RespLimits.InlineBytesMax + 1)];
        Assert.Empty(ReadAll(bytes, ref start, bytes.Length, out string? error));
        Assert.Equal("Protocol error: too big inline request", error);
    }

    [Fact]
    public void A_command_that_is_announced_piece_by_piece_without_end_is_refused()
    {
        int start = 0;
        string piece = "$1000000\r\n" + new string('x', 1_000_000) + "\r\n";
        byte[] bytes = Encoding.Latin1.GetBytes("*100\r\n" + string.Concat(Enumerable.Repeat(piece, 9)));
        Assert.Empty(ReadAll(bytes, ref start, bytes.Length, out string? error));
        Assert.Equal("Protocol error: command is too long", error);
    }

    [Theory]
    [InlineData("SET k \"a\\x41\\n\\\"\\\\\"", "SET|k|aA\n\"\\")]
    [InlineData("SET k 'a\\'b\\n'", "SET|k|a'b\\n")]
    [InlineData("  SET\t k   v  ", "SET|k|v")]
    [InlineData("SET k \"\"", "SET|k|")]
    public void Lines_are_split_as_people_type_them(string line, string wanted)
    {
        int start = 0;
        byte[] bytes = Encoding.Latin1.GetBytes(line + "\r\n");
        Assert.Equal([wanted], ReadAll(bytes, ref start, bytes.Length, out string? error));
        Assert.Null(error);
    }

    [Fact]
    public void Any_bytes_are_read_or_refused_and_nothing_is_thrown()
    {
        const string letters = "*$\r\n123-'\"\\x a";
        var random = new Random(1);
        for (int run = 0; run < 20_000; run++)
        {
            byte[] bytes =
            [
                .. Enumerable.Range(0, random.Next(40)).Select(_ => (byte)letters[random.Next(letters.Length)])
            ];
            int start = 0;
            ReadAll(bytes, ref start, bytes.Length, out _);
            Assert.InRange(start, 0, bytes.Length);
        }
    }

    [Theory]
    [InlineData("*", "anything", true)]
    [InlineData("a*c", "abbc", true)]
    [InlineData("a*c", "abb", false)]
    [InlineData("h?llo", "hello", true)]
    [InlineData("h[ae]llo", "hallo", true)]
    [InlineData("h[^e]llo", "hello", false)]
    [InlineData("h[a-c]llo", "hbllo", true)]
    [InlineData("h[c-a]llo", "hbllo", true)]
    [InlineData("a\\*", "a*", true)]
    [InlineData("a\\*", "ab", false)]
    [InlineData("[", "[", false)]
    [InlineData("", "", true)]
    [InlineData("a*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false)]
    public void Patterns_match_as_in_Redis(string pattern, string text, bool matches) =>
        Assert.Equal(matches, GlobPattern.Matches(Encoding.Latin1.GetBytes(pattern), Encoding.Latin1.GetBytes(text)));

    private static List<string> ReadAll(byte[] bytes, ref int start, int end, out string? error)
    {
        List<string> read = [];
        var words = new Arguments();
        while (RequestParser.TryRead(bytes, ref start, end, words, out error))
        {
            read.Add(
                string.Join('|', Enumerable.Range(0, words.Count).Select(i => Encoding.Latin1.GetString(words[i]))));
        }

        return read;
    }
}
