using System.Globalization;
using System.Net;

namespace Grains.Server.Tests.Hosting;

/// <summary>On which addresses a process listens, as Linux knows it.</summary>
internal static class Listening
{
    private const string _listens = "0A";

    public static IPEndPoint[] Of(int process)
    {
        HashSet<string> own =
        [
            .. Directory.GetFiles($"/proc/{process}/fd").Select(f => new FileInfo(f).LinkTarget)
                .Where(t => t?.StartsWith("socket:[", StringComparison.Ordinal) == true).Select(t => t![8..^1]),
        ];
        return
        [
            .. new[] { "tcp", "tcp6" }.SelectMany(table => File.ReadLines($"/proc/{process}/net/{table}").Skip(1))
                .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Where(words => words[3] == _listens && own.Contains(words[9]))
                .Select(words => Parse(words[1])),
        ];
    }

    /// <summary>Words of 32 bits, each in the order of a little-endian machine; then the port.</summary>
    private static IPEndPoint Parse(string text)
    {
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        byte[] address = Convert.FromHexString(text[..colon]);
        for (int word = 0; word < address.Length; word += 4)
        {
            Array.Reverse(address, word, 4);
        }

        return new IPEndPoint(
            new IPAddress(address),
            int.Parse(text[(colon + 1)..], NumberStyles.HexNumber, CultureInfo.InvariantCulture));
    }
}
