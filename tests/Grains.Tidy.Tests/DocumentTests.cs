using System.Text.RegularExpressions;

namespace Grains.Tidy.Tests;

public partial class DocumentTests
{
    private static readonly string[] _topFolders = ["src", "tests", "infra", ".ci"];

    [Fact]
    public void Every_path_that_a_document_names_exists() =>
        Repository.Expect(
            from document in Repository.Files
            where document.EndsWith(".md", StringComparison.Ordinal)
            from path in NamedPaths(Repository.Read(document))
            where !Exists(document, path)
            select $"{document} names {path}");

    [Fact]
    public void A_path_is_told_from_a_route_and_from_a_word()
    {
        const string text =
            "`src/Grains.Api` [here](../a.md#part) `/v1/keyspaces` `tests/*.cs` [there](https://example.org/x) "
            + "`dotnet run --project src/X` `service/node`";
        Assert.Equal(["src/Grains.Api", "../a.md"], NamedPaths(text));
    }

    /// <summary>Targets of relative links, and what stands in backticks and begins like a path of ours.</summary>
    private static IEnumerable<string> NamedPaths(string markdown) =>
        Span().Matches(markdown).Select(m => m.Groups[1].Value.TrimEnd('/')).Where(IsPath)
            .Concat(Link().Matches(markdown).Select(m => m.Groups[1].Value.Split('#')[0]).Where(IsRelative));

    private static bool IsPath(string span) =>
        _topFolders.Append("..").Any(f => span.StartsWith(f + "/", StringComparison.Ordinal))
        && span.IndexOfAny([' ', '*', '{', '<', '…']) < 0;

    private static bool IsRelative(string target) =>
        target.Length > 0 && target[0] is not '/' && !target.Contains(':', StringComparison.Ordinal);

    private static bool Exists(string document, string path)
    {
        string beside = Path.Combine(Repository.Root, Path.GetDirectoryName(document)!, path);
        string fromRoot = Path.Combine(Repository.Root, path);
        return Path.Exists(beside) || Path.Exists(fromRoot);
    }

    [GeneratedRegex(@"(?<!`)`([^`\n]+)`(?!`)")]
    private static partial Regex Span();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();
}
