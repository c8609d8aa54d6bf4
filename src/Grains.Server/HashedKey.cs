using Grains.Operations.Access;
using Grains.Server.Options;

namespace Grains.Server;

/// <summary>
/// <c>hash-key</c>: the key comes by standard input, where no list of processes and no history of a shell has it, or is
/// made here; the line for the keys file goes to standard output, so that it can be appended to it.
/// </summary>
internal static class HashedKey
{
    private const int _keyCharsMax = 4_096;

    public static async Task WriteAsync(DataCommand.HashKey asked, TextWriter to, CancellationToken cancel)
    {
        string given = Console.IsInputRedirected ? await ReadAsync(Console.In, cancel) : "";
        string key = given.Length > 0 ? given : KeysFile.NewKey();
        (string? line, string? error) = KeysFile.Describe(asked.Name, asked.Permission, key, asked.Expiry);
        if (line is null)
        {
            throw new StartException($"That would be no line of a keys file. {error}");
        }

        if (given.Length == 0)
        {
            await Console.Error.WriteLineAsync($"The key, which is shown this once and kept nowhere: {key}");
        }

        await to.WriteLineAsync(line);
    }

    /// <summary>The first line, without its end; a key that is longer than any is cut, and refused.</summary>
    private static async Task<string> ReadAsync(TextReader from, CancellationToken cancel)
    {
        var buffer = new char[_keyCharsMax];
        int read = await from.ReadBlockAsync(buffer, cancel);
        return new string(buffer, 0, read).Split('\n')[0].TrimEnd('\r');
    }
}
