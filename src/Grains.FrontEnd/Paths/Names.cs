using System.Buffers;
using System.Text;
using System.Text.Unicode;
using Grains.Api;
using Grains.Api.Problems;
using Grains.FrontEnd.Problems;
using Grains.StateMachines.Ids;

namespace Grains.FrontEnd.Paths;

/// <summary>The rules of the names that users choose. Refusals are <see cref="ProblemCode.BadName"/>.</summary>
internal static class Names
{
    private const int _stackBytes = Limits.KeyBytes + 1;

    private static readonly SearchValues<char> _declared = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-");

    /// <summary>A key from the path, escapes kept.</summary>
    public static Utf8Name Key(ReadOnlySpan<char> raw)
    {
        Span<byte> bytes = stackalloc byte[_stackBytes];
        bytes = Decode(raw, bytes, "key", Limits.KeyBytes);
        return new Utf8Name(CheckKey(bytes, "key").ToArray());
    }

    /// <summary>A node id from the path, escapes kept.</summary>
    public static Utf8Name Node(ReadOnlySpan<char> raw)
    {
        Span<byte> bytes = stackalloc byte[Limits.NodeBytes + 1];
        bytes = Decode(raw, bytes, "node id", Limits.NodeBytes);
        return new Utf8Name(CheckNode(bytes, "node id").ToArray());
    }

    /// <summary>A key from a body; <paramref name="member"/> names it in refusals.</summary>
    public static Utf8Name Key(string? text, string member) =>
        new(CheckKey(BytesOf(text, member), member).ToArray());

    /// <summary>A node id from a body.</summary>
    public static Utf8Name Node(string? text, string member) =>
        new(CheckNode(BytesOf(text, member), member).ToArray());

    /// <summary>True for <c>[a-z0-9]</c> then up to 62 of <c>[a-z0-9-]</c>: the rule of keyspaces and services.</summary>
    public static bool IsDeclared(ReadOnlySpan<char> name) =>
        name.Length is > 0 and <= Limits.NameChars && name[0] != '-' && !name.ContainsAnyExcept(_declared);

    /// <summary>The name of a keyspace or service, checked; its characters need no escapes, so none are taken.</summary>
    public static ReadOnlySpan<char> Declared(ReadOnlySpan<char> name, string what) => IsDeclared(name)
        ? name
        : throw Refuse($"The name of a {what} is [a-z0-9], then up to 62 of [a-z0-9-], without escapes.");

    private static Span<byte> Decode(ReadOnlySpan<char> raw, Span<byte> to, string what, int limit)
    {
        if (!PercentDecoding.TryDecode(raw, to, plusIsSpace: false, out int written))
        {
            throw written == to.Length
                ? Refuse($"The {what} is longer than {limit} bytes.")
                : new RequestRefusedException(ProblemCode.BadPath, $"The {what} has a broken percent-escape.");
        }

        return to[..written];
    }

    private static byte[] BytesOf(string? text, string member) =>
        text is null ? throw Refuse($"'{member}' is missing.") : Encoding.UTF8.GetBytes(text);

    private static ReadOnlySpan<byte> CheckKey(ReadOnlySpan<byte> key, string what)
    {
        Check(key, what, Limits.KeyBytes);
        if (key.Contains((byte)'.'))
        {
            foreach (Range range in key.Split((byte)'/'))
            {
                RefuseDots(key[range], what);
            }
        }

        return key;
    }

    private static ReadOnlySpan<byte> CheckNode(ReadOnlySpan<byte> node, string what)
    {
        Check(node, what, Limits.NodeBytes);
        if (node.Contains((byte)'/'))
        {
            throw Refuse($"The {what} holds a '/'.");
        }

        RefuseDots(node, what);
        return node;
    }

    private static void Check(ReadOnlySpan<byte> name, string what, int limit)
    {
        if (name.Length == 0)
        {
            throw Refuse($"The {what} is empty.");
        }

        if (name.Length > limit)
        {
            throw Refuse($"The {what} is longer than {limit} bytes.");
        }

        if (!Utf8.IsValid(name))
        {
            throw Refuse($"The {what} is not valid UTF-8.");
        }

        if (HasControl(name))
        {
            throw Refuse($"The {what} holds a control character.");
        }
    }

    /// <summary>C0, DEL, and C1 (U+0080 to U+009F, in UTF-8 C2 80 to C2 9F).</summary>
    private static bool HasControl(ReadOnlySpan<byte> name)
    {
        if (name.ContainsAnyInRange((byte)0, (byte)0x1f) || name.Contains((byte)0x7f))
        {
            return true;
        }

        for (int at = name.IndexOf((byte)0xc2); at >= 0 && at + 1 < name.Length; at++)
        {
            if (name[at] == 0xc2 && name[at + 1] is >= 0x80 and <= 0x9f)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A part '.' or '..' could never be addressed: everything on the way takes it out of a path.</summary>
    private static void RefuseDots(ReadOnlySpan<byte> part, string what)
    {
        if (part.SequenceEqual("."u8) || part.SequenceEqual(".."u8))
        {
            throw Refuse($"The {what} has a part '.' or '..'.");
        }
    }

    private static RequestRefusedException Refuse(string detail) => new(ProblemCode.BadName, detail);
}
