using System.Security.Cryptography;
using System.Text;
using Grains.Operations.Syntax;

namespace Grains.Operations.Access;

/// <summary>
/// A file of keys: one a line, <c>name permission key [expiry]</c>, separated by spaces or tabs. <c>permission</c> is
/// <c>read</c>, <c>write</c> or <c>admin</c>. <c>key</c> is the SHA-256 of the key as 64 hexadecimal digits, or the key
/// itself: 16 to 512 visible ASCII characters. <c>expiry</c> is a time in RFC 3339, from which on the key is none.
/// Empty lines and lines that begin with <c>#</c> are skipped.
/// </summary>
public static class KeysFile
{
    private const int _keysMax = 1_000;
    private const int _keyCharsMin = 16;
    private const int _keyCharsMax = 512;
    private const int _fileBytesMax = 1 << 20;
    private const int _newKeyBytes = 24;

    /// <summary>As <see cref="Parse"/>; a file that cannot be read is one more thing that is wrong.</summary>
    public static KeysReading Read(string path)
    {
        try
        {
            if (new FileInfo(path).Length > _fileBytesMax)
            {
                return KeysReading.Unreadable($"It is larger than {_fileBytesMax} bytes.");
            }

            byte[] bytes = File.ReadAllBytes(path);
            return Parse(Encoding.UTF8.GetString(bytes).ReplaceLineEndings("\n").Split('\n')) with
            {
                Digest = Convert.ToHexString(SHA256.HashData(bytes)),
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return KeysReading.Unreadable(e.Message);
        }
    }

    /// <summary>Every line is checked; a refusal names the line and never what it holds.</summary>
    public static KeysReading Parse(IEnumerable<string> lines)
    {
        var keys = new List<AccessKey>();
        var errors = new List<string>();
        foreach ((int index, string line) in lines.Index())
        {
            string[] words = line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
            if (words.Length > 0 && !words[0].StartsWith('#'))
            {
                Take(words, keys, error => errors.Add($"Line {index + 1} {error}"));
            }
        }

        if (errors.Count == 0 && keys.Count is 0 or > _keysMax)
        {
            errors.Add($"There are {keys.Count} keys; there must be 1 to {_keysMax}.");
        }

        return new KeysReading(keys, errors, "");
    }

    /// <summary>A key that nobody can guess.</summary>
    public static string NewKey() => RandomNumberGenerator.GetHexString(_newKeyBytes * 2, lowercase: true);

    /// <summary>The line for a key, with its hash in place of it.</summary>
    /// <returns>Null and what is wrong, or the line.</returns>
    public static (string? Line, string? Error) Describe(string name, string permission, string key, string? expiry)
    {
        KeysReading reading = Parse([$"{name} {permission} {key}{(expiry is null ? "" : " " + expiry)}"]);
        if (reading.Errors.Count > 0 || reading.Keys[0].Name != name)
        {
            string wrong = reading.Errors.FirstOrDefault("It is not one line: name permission key.");
            return (null, wrong.Replace("Line 1", "It", StringComparison.Ordinal));
        }

        string hash = Convert.ToHexString(SHA256.HashData(Encoding.ASCII.GetBytes(key))).ToLowerInvariant();
        return ($"{name} {permission} {hash}{(expiry is null ? "" : " " + expiry)}", null);
    }

    private static void Take(string[] words, List<AccessKey> keys, Action<string> refuse)
    {
        DateTimeOffset? expiry = null;
        if (words.Length is not (3 or 4))
        {
            refuse($"has {words.Length} words; write: name permission key, and an expiry if it has one.");
        }
        else if (PermissionOf(words[1]) is not { } permission)
        {
            refuse("names an unknown permission; write read, write or admin.");
        }
        else if (keys.Exists(k => k.Name == words[0]))
        {
            refuse("repeats the name of an earlier line; give every key a name of its own.");
        }
        else if (HashOf(words[2]) is not { } hash)
        {
            refuse($"has a key that is not {_keyCharsMin} to {_keyCharsMax} visible ASCII characters; "
                + "take a longer one, for example from: openssl rand -hex 24.");
        }
        else if (words.Length == 4 && (expiry = TimeOf(words[3])) is null)
        {
            refuse("has an expiry that is no time; write one such as 2030-01-31T08:00:00Z.");
        }
        else
        {
            keys.Add(new AccessKey(words[0], permission, hash, expiry));
        }
    }

    private static Permission? PermissionOf(string word) => word switch
    {
        "read" => Permission.Read,
        "write" => Permission.Write,
        "admin" => Permission.Admin,
        _ => null,
    };

    private static byte[]? HashOf(string word)
    {
        if (word.Length == 64 && word.All(char.IsAsciiHexDigit))
        {
            return Convert.FromHexString(word);
        }

        return word.Length is >= _keyCharsMin and <= _keyCharsMax && word.All(c => c is > ' ' and < '\x7f')
            ? SHA256.HashData(Encoding.ASCII.GetBytes(word))
            : null;
    }

    private static DateTimeOffset? TimeOf(string word) => Rfc3339.TryParse(word, out long ms)
        ? DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(
            ms, DateTimeOffset.MinValue.ToUnixTimeMilliseconds(), DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()))
        : null;
}

/// <summary>What a keys file held: the keys, and what is wrong; the keys are usable only where nothing is.</summary>
/// <param name="Digest">Equal for equal contents; of one that cannot be read, for equal reasons.</param>
public sealed record KeysReading(IReadOnlyList<AccessKey> Keys, IReadOnlyList<string> Errors, string Digest)
{
    internal static KeysReading Unreadable(string reason) => new([], [reason], reason);
}
