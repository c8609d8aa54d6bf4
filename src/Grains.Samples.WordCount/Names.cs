namespace Grains.Samples.WordCount;

/// <summary>What this program declares on the server, and how its parts are called.</summary>
internal static class Names
{
    /// <summary>Nodes <c>page-0</c> … receive the lines of the text.</summary>
    public const string Lines = "lines";

    /// <summary>Nodes <c>{word}</c> count; the braces make the key of the same name live with the node.</summary>
    public const string Words = "words";

    /// <summary>Keys <c>{word}</c> hold the counts, for reading.</summary>
    public const string Counts = "counts";

    public const int Pages = 16;

    public static string Page(int number) => $"page-{number % Pages}";

    public static string Node(string word) => $"{{{word}}}";

    public static string Word(string node) => node.Trim('{', '}');
}
