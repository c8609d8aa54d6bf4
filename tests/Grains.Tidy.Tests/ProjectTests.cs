using System.Xml.Linq;

namespace Grains.Tidy.Tests;

public class ProjectTests
{
    /// <summary>Each lets somebody in, or calls somebody, by a protocol; what they share is in operations.</summary>
    private static readonly string[] _doors = ["Grains.FrontEnd", "Grains.Resp", "Grains.Handlers"];

    private static readonly string[] _serializer =
    [
        "Microsoft.Orleans.Serialization", "Microsoft.Orleans.CodeGenerator"
    ];

    [Fact]
    public void The_state_machines_reference_the_serializer_and_nothing_else()
    {
        const string project = "src/Grains.StateMachines/Grains.StateMachines.csproj";
        Assert.Empty(References(project, "PackageReference").Except(_serializer));
        Assert.Empty(References(project, "ProjectReference"));
        Assert.Empty(References(project, "FrameworkReference"));
    }

    [Theory]
    [InlineData("Grains.Api")]
    [InlineData("Grains.Journal", "Grains.StateMachines")]
    [InlineData("Grains.Journal.Postgres", "Grains.Journal", "Grains.StateMachines")]
    [InlineData("Grains.Silo", "Grains.Journal", "Grains.StateMachines")]
    [InlineData("Grains.Operations", "Grains.Api", "Grains.Silo", "Grains.StateMachines")]
    [InlineData("Grains.Resp", "Grains.Operations")]
    public void A_project_sees_those_below_it_and_no_others(string project, params string[] below) =>
        Assert.Empty(ProjectReferences(project).Except(below));

    [Fact]
    public void No_door_sees_another_door_or_what_wires_them() =>
        Repository.Expect(
            from door in _doors
            from seen in ProjectReferences(door)
            where seen == "Grains.Server" || _doors.Contains(seen)
            select $"{door} references {seen}");

    [Theory]
    [InlineData("Grains.Operations")]
    [InlineData("Grains.Resp")]
    public void What_is_no_HTTP_needs_no_web_server(string project)
    {
        Assert.Empty(References($"src/{project}/{project}.csproj", "FrameworkReference"));
        Assert.DoesNotContain(
            References($"src/{project}/{project}.csproj", "PackageReference"),
            p => p.Contains("AspNetCore", StringComparison.Ordinal));
    }

    /// <summary>What only another product needs is public there, or in the wrong place.</summary>
    [Fact]
    public void No_product_shows_its_internals_to_another() =>
        Repository.Expect(
            from project in Repository.Projects
            where project.StartsWith("src/", StringComparison.Ordinal)
            from friend in References(project, "InternalsVisibleTo")
            where !Repository.Projects.Contains($"tests/{friend}/{friend}.csproj")
            select $"{project} shows its internals to {friend}");

    [Fact]
    public void Versions_of_packages_stand_in_Directory_Packages_props_only() =>
        Repository.Expect(
            from project in Repository.Projects
            from package in XDocument.Parse(Repository.Read(project)).Descendants("PackageReference")
            where package.Attribute("Version") is not null || package.Attribute("VersionOverride") is not null
                || package.Element("Version") is not null
            select $"{project}: {package.Attribute("Include")?.Value} has a version");

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        string solution = Repository.Read("Grains.sln").Replace('\\', '/');
        Repository.Expect(
            from project in Repository.Projects
            where !solution.Contains($"\"{project}\"", StringComparison.Ordinal)
            select $"{project} is not in Grains.sln");
    }

    private static IEnumerable<string> ProjectReferences(string project) =>
        References($"src/{project}/{project}.csproj", "ProjectReference")
            .Select(r => Path.GetFileNameWithoutExtension(r.Replace('\\', '/')));

    private static IEnumerable<string> References(string project, string kind) =>
        XDocument.Parse(Repository.Read(project)).Descendants(kind).Select(r => r.Attribute("Include")!.Value);
}
