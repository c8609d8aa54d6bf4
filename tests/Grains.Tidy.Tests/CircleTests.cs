using System.Text.RegularExpressions;

namespace Grains.Tidy.Tests;

/// <summary>Folders of a project are layers: one that uses another is used by none that the other uses.</summary>
public partial class CircleTests
{
    /// <summary>Of these there is nothing to write down.</summary>
    [Theory]
    [InlineData("Grains.StateMachines")]
    [InlineData("Grains.Journal")]
    [InlineData("Grains.Journal.Postgres")]
    [InlineData("Grains.Silo")]
    [InlineData("Grains.Operations")]
    [InlineData("Grains.FrontEnd")]
    [InlineData("Grains.Handlers")]
    [InlineData("Grains.Api")]
    [InlineData("Grains.Resp")]
    [InlineData("Grains.Server")]
    public void No_folder_of_a_project_is_part_of_a_circle(string project) => Repository.Expect(Circles(Uses(project)));

    [Fact]
    public void A_circle_is_found_and_a_chain_is_none()
    {
        Dictionary<string,
        HashSet<string>> uses = new() { ["A"] = ["B"], ["B"] = ["C"], ["C"] = ["A"], ["D"] = ["A"], ["E"] = [] };
        Assert.Equal("A, B and C use each other in a circle", Assert.Single(Circles(uses)));
        uses["C"] = [];
        Assert.Empty(Circles(uses));
    }

    private static Dictionary<string, HashSet<string>> Uses(string project)
    {
        string root = $"src/{project}/";
        Dictionary<string, HashSet<string>> uses = [];
        foreach (string file in Repository.CSharp.Where(f => f.StartsWith(root, StringComparison.Ordinal)))
        {
            string[] path = file[root.Length..].Split('/');
            if (path.Length == 1)
            {
                // Beside the folders: what wires them.
                continue;
            }

            HashSet<string> used = uses.TryGetValue(path[0], out HashSet<string>? known) ? known : uses[path[0]] = [];
            used.UnionWith(Using().Matches(Repository.Read(file))
                .Select(m => m.Groups["space"].Value)
                .Where(s => s.StartsWith(project + ".", StringComparison.Ordinal))
                .Select(s => s[(project.Length + 1)..].Split('.')[0])
                .Where(folder => folder != path[0]));
        }

        // A namespace that is another project's begins with this one's name too.
        foreach (HashSet<string> used in uses.Values)
        {
            used.IntersectWith(uses.Keys);
        }

        return uses;
    }

    /// <summary>Each set of folders that all reach each other, said once.</summary>
    private static IEnumerable<string> Circles(Dictionary<string, HashSet<string>> uses)
    {
        Dictionary<string, HashSet<string>> reach = uses.Keys.ToDictionary(f => f, f => Reached(f, uses));
        return uses.Keys.Order(StringComparer.Ordinal)
            .Where(f => reach[f].Contains(f))
            .Select(
                f => string.Join(", ", reach[f].Where(other => reach[other].Contains(f)).Order(StringComparer.Ordinal)))
            .Distinct()
            .Select(names => $"{Regex.Replace(names, ", ([^,]*)$", " and $1")} use each other in a circle");
    }

    private static HashSet<string> Reached(string from, Dictionary<string, HashSet<string>> uses)
    {
        HashSet<string> reached = [];
        Stack<string> left = new(uses[from]);
        while (left.TryPop(out string? next))
        {
            if (reached.Add(next))
            {
                foreach (string further in uses.GetValueOrDefault(next, []))
                {
                    left.Push(further);
                }
            }
        }

        return reached;
    }

    [GeneratedRegex(@"^(?:global )?using (?:static |\w+ = )?(?<space>[\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Using();
}
