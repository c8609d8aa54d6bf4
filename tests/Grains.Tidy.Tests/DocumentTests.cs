using System.Text.RegularExpressions;

namespace Grains.Tidy.Tests;

public partial class DocumentTests
{
    private const int _cellCharsMax = 300;

    private static readonly string[] _topFolders = ["src", "tests", "infra", ".ci"];
    private static readonly string[] _projectFolders = ["src", "tests"];

    [Fact]
    public void Every_path_that_a_document_names_exists() =>
        Repository.Expect(
            from document in Repository.Files
            where document.EndsWith(".md", StringComparison.Ordinal)
            from path in NamedPaths(Repository.Read(document))
            where !Exists(document, path)
            select $"{document} names {path}");

    /// <summary>What is longer belongs below the table, with a heading of its own.</summary>
    [Fact]
    public void A_cell_of_a_table_has_300_characters_at_the_most() =>
        Repository.Expect(
            from document in Repository.Files
            where document.EndsWith(".md", StringComparison.Ordinal)
            from cell in Cells(Repository.Read(document))
            where cell.Length > _cellCharsMax
            select $"{document}: a cell of {cell.Length} characters begins '{cell[..40]}'");

    [Fact]
    public void A_cell_is_told_from_what_stands_around_a_table() =>
        Assert.Equal(
            ["a", "b \\| c", "---", "---"], Cells("text | text\n| a | b \\| c |\n|---|---|\n  | code |\n"));

    [Fact]
    public void A_path_is_told_from_a_route_and_from_a_word()
    {
        const string text =
            "`src/Grains.Api` [here](../a.md#part) `/v1/keyspaces` `tests/*.cs` [there](https://example.org/x) `Grains.X/Y.cs` `Grains.X` "
            + "`dotnet run --project src/X` `service/node`";
        Assert.Equal(["src/Grains.Api", "Grains.X/Y.cs", "../a.md"], NamedPaths(text));
    }

    private static IEnumerable<string> Cells(string markdown) =>
        from line in markdown.Split('\n')
        where line.StartsWith('|')
        from cell in Bar().Split(line.Trim()[1..^1])
        select cell.Trim();

    /// <summary>
    /// Targets of relative links, and what stands in backticks and begins like a path of ours: with a top folder, or with
    /// a project.
    /// </summary>
    private static IEnumerable<string> NamedPaths(string markdown) =>
        Span().Matches(markdown).Select(m => m.Groups[1].Value.TrimEnd('/')).Where(IsPath)
            .Concat(Link().Matches(markdown).Select(m => m.Groups[1].Value.Split('#')[0]).Where(IsRelative));

    private static bool IsPath(string span) =>
        (_topFolders.Append("..").Any(f => span.StartsWith(f + "/", StringComparison.Ordinal))
            || (span.StartsWith("Grains.", StringComparison.Ordinal) && span.Contains('/', StringComparison.Ordinal)))
        && span.IndexOfAny([' ', '*', '{', '<', '…']) < 0;

    private static bool IsRelative(string target) =>
        target.Length > 0 && target[0] is not '/' && !target.Contains(':', StringComparison.Ordinal);

    private static bool Exists(string document, string path)
    {
        string beside = Path.Combine(Repository.Root, Path.GetDirectoryName(document)!, path);
        string fromRoot = Path.Combine(Repository.Root, path);
        return Path.Exists(beside) || Path.Exists(fromRoot)
            || _projectFolders.Any(f => Path.Exists(Path.Combine(Repository.Root, f, path)));
    }

    [GeneratedRegex(@"(?<!`)`([^`\n]+)`(?!`)")]
    private static partial Regex Span();

    [GeneratedRegex(@"(?<!\\)\|")]
    private static partial Regex Bar();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();
}
