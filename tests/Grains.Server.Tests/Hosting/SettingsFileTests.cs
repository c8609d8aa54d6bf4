using Grains.Server.Options;
using Grains.Server.Tests.Backups;
using Microsoft.Extensions.Configuration;

namespace Grains.Server.Tests.Hosting;

public sealed class SettingsFileTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("""{"Grains": {"Urls": "http://127.0.0.1:1"}}""")]
    [InlineData("""{"grains": {"urls": "http://127.0.0.1:1", "NoSync": false}}""")]
    public void A_file_that_is_named_gives_settings_by_option_and_by_variable(string text)
    {
        string file = Write(text);
        var line = CommandLine.Read(["--settings", file]);
        Assert.Equal("http://127.0.0.1:1", SettingsFile.Read(line, _ => null)[Setting.Urls.ConfigurationKey]);
        IConfiguration read = SettingsFile.Read(CommandLine.Read([]), name => name == "GRAINS_SETTINGS" ? file : null);
        Assert.Equal("http://127.0.0.1:1", read[Setting.Urls.ConfigurationKey]);
        Assert.Empty(line.Problems);
    }

    [Theory]
    [InlineData("""{"Kestrel": {"Endpoints": {"X": {"Url": "http://0.0.0.0:1"}}}}""", "has a section Kestrel")]
    [InlineData("""{"Logging": {"LogLevel": {"Default": "None"}}}""", "has a section Logging")]
    [InlineData("""{"Grains": {"Kyes": "a"}}""", "has Grains:Kyes")]
    [InlineData("""{"Grains": {"Settings": "another"}}""", "has Grains:Settings")]
    [InlineData("""{"Grains": {"Urls": {"A": "http://127.0.0.1:1"}}}""", "has Grains:Urls")]
    [InlineData("Grains: no JSON", "is not the JSON")]
    [InlineData("", "is not the JSON")]
    [InlineData(null, "cannot be read")]
    public void What_is_not_meant_for_this_program_is_refused(string? text, string rule)
    {
        string file = text is null ? _folder["missing"] : Write(text);
        var line = CommandLine.Read(["--settings", file]);
        SettingsFile.Read(line, _ => null);
        SettingProblem problem = Assert.Single(line.Problems);
        Assert.StartsWith(rule, problem.Rule, StringComparison.Ordinal);
        Assert.Equal("--settings", problem.Key);
    }

    [Fact]
    public void A_file_that_is_too_large_is_not_read()
    {
        var line = CommandLine.Read(["--settings", Write(new string(' ', (64 << 10) + 1))]);
        SettingsFile.Read(line, _ => null);
        Assert.StartsWith("is larger than 65536 bytes", Assert.Single(line.Problems).Rule, StringComparison.Ordinal);
    }

    private string Write(string text)
    {
        File.WriteAllText(_folder["settings.json"], text);
        return _folder["settings.json"];
    }
}
