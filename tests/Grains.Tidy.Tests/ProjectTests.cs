using System.Xml.Linq;

namespace Grains.Tidy.Tests;

public class ProjectTests
{
    /// <summary>The journals keep one format: what writes it is nobody else's.</summary>
    private static readonly string[] _friends = ["Grains.Journal.Postgres"];

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

    [Fact]
    public void No_journal_references_the_silo_or_the_front_end() =>
        Repository.Expect(Forbidden("src/Grains.Journal", "Grains.Silo", "Grains.FrontEnd", "Grains.Server"));

    [Fact]
    public void The_silo_does_not_reference_the_front_end() =>
        Repository.Expect(Forbidden("src/Grains.Silo/", "Grains.FrontEnd", "Grains.Server"));

    [Fact]
    public void Operations_know_no_protocol()
    {
        Repository.Expect(Forbidden("src/Grains.Operations/", "Grains.FrontEnd", "Grains.Handlers", "Grains.Server"));
        Assert.Empty(References("src/Grains.Operations/Grains.Operations.csproj", "FrameworkReference"));
        Assert.DoesNotContain(
            References("src/Grains.Operations/Grains.Operations.csproj", "PackageReference"),
            p => p.Contains("AspNetCore", StringComparison.Ordinal));
    }

    [Fact]
    public void Handlers_do_not_reference_the_front_end() =>
        Repository.Expect(Forbidden("src/Grains.Handlers/", "Grains.FrontEnd", "Grains.Server"));

    /// <summary>A door sees operations, and not the other door; the protocol needs no web server.</summary>
    [Fact]
    public void The_Redis_door_references_operations_and_no_web_server()
    {
        Repository.Expect(Forbidden("src/Grains.Resp/", "Grains.FrontEnd", "Grains.Handlers", "Grains.Server"));
        Repository.Expect(Forbidden("src/Grains.FrontEnd/", "Grains.Resp"));
        Assert.Empty(References("src/Grains.Resp/Grains.Resp.csproj", "FrameworkReference"));
        Assert.DoesNotContain(
            References("src/Grains.Resp/Grains.Resp.csproj", "PackageReference"),
            p => p.Contains("AspNetCore", StringComparison.Ordinal));
    }

    /// <summary>What only another product needs is public there, or in the wrong place.</summary>
    [Fact]
    public void No_product_shows_its_internals_to_another() =>
        Repository.Expect(
            from project in Repository.Projects
            where project.StartsWith("src/", StringComparison.Ordinal)
            from friend in References(project, "InternalsVisibleTo")
            where !Repository.Projects.Contains($"tests/{friend}/{friend}.csproj") && !_friends.Contains(friend)
            select $"{project} shows its internals to {friend}");

    [Fact]
    public void A_client_references_nothing_of_the_server() =>
        Repository.Expect(Forbidden(
            "src/Grains.Client/", "Grains.Silo", "Grains.FrontEnd", "Grains.Journal", "Grains.Server",
            "Grains.StateMachines"));

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

    private static IEnumerable<string> Forbidden(string folder, params string[] targets) =>
        from project in Repository.Projects
        where project.StartsWith(folder, StringComparison.Ordinal)
        from reference in References(project, "ProjectReference")
        where targets.Contains(Path.GetFileNameWithoutExtension(reference.Replace('\\', '/')))
        select $"{project} references {reference}";

    private static IEnumerable<string> References(string project, string kind) =>
        XDocument.Parse(Repository.Read(project)).Descendants(kind).Select(r => r.Attribute("Include")!.Value);
}
