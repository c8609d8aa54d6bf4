using System.Buffers;
using System.Text;
using System.Text.Unicode;
using Grains.Api;
using Grains.Api.Problems;
using Grains.Operations.Errors;
using Grains.StateMachines.Ids;

namespace Grains.Operations.Syntax;

/// <summary>The rules of the names that users choose. Refusals are <see cref="ProblemCode.BadName"/>.</summary>
public static class Names
{
    private static readonly SearchValues<char> _declared = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-");

    /// <summary>A key: 1 to <see cref="Limits.KeyBytes"/> bytes of UTF-8.</summary>
    public static Result<Utf8Name> Key(ReadOnlySpan<byte> utf8, string what) =>
        RefuseKey(utf8, what) is { } refused ? refused : new Utf8Name(utf8.ToArray());

    /// <summary>A node id: 1 to <see cref="Limits.NodeBytes"/> bytes of UTF-8 without a slash.</summary>
    public static Result<Utf8Name> Node(ReadOnlySpan<byte> utf8, string what) =>
        RefuseNode(utf8, what) is { } refused ? refused : new Utf8Name(utf8.ToArray());

    /// <summary>A key from a document; <paramref name="member"/> names it in refusals.</summary>
    public static Result<Utf8Name> Key(string? text, string member) =>
        text is null ? Missing(member) : Key(Encoding.UTF8.GetBytes(text), member);

    /// <summary>A node id from a document.</summary>
    public static Result<Utf8Name> Node(string? text, string member) =>
        text is null ? Missing(member) : Node(Encoding.UTF8.GetBytes(text), member);

    /// <summary>
    /// True for <c>[a-z0-9]</c> then up to 62 of <c>[a-z0-9-]</c>: the rule of keyspaces and services.
    /// </summary>
    public static bool IsDeclared(ReadOnlySpan<char> name) =>
        name.Length is > 0 and <= Limits.NameChars && name[0] != '-' && !name.ContainsAnyExcept(_declared);

    /// <summary>The name of a keyspace or service; null = it is one.</summary>
    public static OperationError? RefuseDeclared(ReadOnlySpan<char> name, string what) => IsDeclared(name)
        ? null
        : Refuse($"The name of a {what} is [a-z0-9], then up to 62 of [a-z0-9-], without escapes.");

    public static OperationError TooLong(string what, int limit) => Refuse($"The {what} is longer than {limit} bytes.");

    private static OperationError Missing(string member) => Refuse($"'{member}' is missing.");

    private static OperationError? RefuseKey(ReadOnlySpan<byte> key, string what)
    {
        OperationError? refused = Refuse(key, what, Limits.KeyBytes);
        if (refused is null && key.Contains((byte)'.'))
        {
            foreach (Range range in key.Split((byte)'/'))
            {
                refused ??= RefuseDots(key[range], what);
            }
        }

        return refused;
    }

    private static OperationError? RefuseNode(ReadOnlySpan<byte> node, string what) =>
        Refuse(node, what, Limits.NodeBytes)
        ?? (node.Contains((byte)'/') ? Refuse($"The {what} holds a '/'.") : RefuseDots(node, what));

    private static OperationError? Refuse(ReadOnlySpan<byte> name, string what, int limit) =>
        name.Length == 0 ? Refuse($"The {what} is empty.")
        : name.Length > limit ? TooLong(what, limit)
        : !Utf8.IsValid(name) ? Refuse($"The {what} is not valid UTF-8.")
        : HasControl(name) ? Refuse($"The {what} holds a control character.")
        : null;

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
    private static OperationError? RefuseDots(ReadOnlySpan<byte> part, string what) =>
        part.SequenceEqual("."u8) || part.SequenceEqual(".."u8) ? Refuse($"The {what} has a part '.' or '..'.") : null;

    private static OperationError Refuse(string detail) => new(ProblemCode.BadName, detail);
}
