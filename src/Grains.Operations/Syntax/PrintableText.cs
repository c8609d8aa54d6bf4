using System.Buffers;

namespace Grains.Operations.Syntax;

/// <summary>Visible ASCII and spaces: what fits a header.</summary>
public static class PrintableText
{
    private static readonly SearchValues<char> _printable = SearchValues.Create(
        [.. Enumerable.Range(0x20, 0x7f - 0x20).Select(c => (char)c)]);

    public static bool Is(ReadOnlySpan<char> text) => !text.ContainsAnyExcept(_printable);
}
