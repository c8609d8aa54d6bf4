using System.Security.Cryptography;
using System.Text;

namespace Grains.FrontEnd.Access;

/// <summary>
/// A file of keys: one a line, <c>name permission key</c>, separated by spaces or tabs. <c>permission</c> is
/// <c>read</c>, <c>write</c> or <c>admin</c>. <c>key</c> is the SHA-256 of the key as 64 hexadecimal digits, or the key
/// itself: 16 to 512 visible ASCII characters. Empty lines and lines that begin with <c>#</c> are skipped. Read once,
/// at start.
/// </summary>
public static class KeysFile
{
    private const int _keysMax = 1_000;
    private const int _keyCharsMin = 16;
    private const int _keyCharsMax = 512;

    /// <summary>As <see cref="Parse"/>; a file that cannot be read is one more thing that is wrong.</summary>
    public static (IReadOnlyList<AccessKey> Keys, IReadOnlyList<string> Errors) Read(string path)
    {
        try
        {
            return Parse(File.ReadLines(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return ([], [e.Message]);
        }
    }

    /// <summary>Every line is checked; a refusal names the line and never what it holds.</summary>
    /// <returns>The keys, and what is wrong; the keys are usable only where nothing is.</returns>
    public static (IReadOnlyList<AccessKey> Keys, IReadOnlyList<string> Errors) Parse(IEnumerable<string> lines)
    {
        var keys = new List<AccessKey>();
        var errors = new List<string>();
        int number = 0;
        foreach (string line in lines)
        {
            number++;
            string[] words = line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
            if (words.Length == 0 || words[0].StartsWith('#'))
            {
                continue;
            }

            if (words.Length != 3)
            {
                errors.Add($"Line {number} has {words.Length} words; write: name permission key.");
            }
            else if (PermissionOf(words[1]) is not { } permission)
            {
                errors.Add($"Line {number} names an unknown permission; write read, write or admin.");
            }
            else if (keys.Exists(k => k.Name == words[0]))
            {
                errors.Add($"Line {number} repeats the name of an earlier line; give every key a name of its own.");
            }
            else if (HashOf(words[2]) is not { } hash)
            {
                errors.Add($"Line {number} has a key that is not {_keyCharsMin} to {_keyCharsMax} visible ASCII characters; "
                    + "take a longer one, for example from: openssl rand -hex 24.");
            }
            else
            {
                keys.Add(new AccessKey(words[0], permission, hash));
            }
        }

        if (errors.Count == 0 && keys.Count is 0 or > _keysMax)
        {
            errors.Add($"There are {keys.Count} keys; there must be 1 to {_keysMax}.");
        }

        return (keys, errors);
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
}
