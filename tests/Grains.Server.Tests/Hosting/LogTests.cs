using Grains.Server.Logs;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Grains.Server.Tests.Hosting;

public sealed class LogTests
{
    [Theory]
    [InlineData("a\r\n2026-01-01 info: forged")]
    [InlineData("a\u2028b\u2029c\u0085d")]
    [InlineData("\u001b[2J\u009b1m\u202egnp.exe\u2066")]
    public void An_entry_is_one_line_whatever_it_carries(string name)
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 1, 2, 3, 4, 5, 6, TimeSpan.Zero));
        using var to = new StringWriter();
        var entry = new LogEntry<string>(
            LogLevel.Warning, "Grains.Test", new EventId(7), name, new InvalidOperationException("of " + name),
            (s, _) => $"'{s}' said");
        new OneLineFormatter(time).Write(entry, null, to);
        string line = to.ToString();
        Assert.StartsWith("2026-01-02T03:04:05.006Z warn: Grains.Test[7] '", line, StringComparison.Ordinal);
        Assert.EndsWith(Environment.NewLine, line, StringComparison.Ordinal);
        Assert.All(line[..^Environment.NewLine.Length], c => Assert.InRange(c, ' ', '~'));
        Assert.Contains("InvalidOperationException: of ", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("information", "Grains.X", LogLevel.Information)]
    [InlineData("information", "Orleans.Y", LogLevel.Warning)]
    [InlineData("warning", "Grains.X", LogLevel.Warning)]
    [InlineData("Debug,Orleans=trace", "Orleans.Y", LogLevel.Trace)]
    [InlineData("warning,Grains.X=debug", "Grains.X.Z", LogLevel.Debug)]
    [InlineData("trace,Orleans=trace", "Orleans.Runtime.Silo", LogLevel.None)]
    [InlineData("error,Grains=error", "Grains.FrontEnd.Access.AccessAudit", LogLevel.Information)]
    [InlineData("trace,Microsoft=trace", "Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None)]
    [InlineData(
        "warning,Microsoft.AspNetCore.Hosting.Diagnostics=debug", "Microsoft.AspNetCore.Hosting.Diagnostics",
        LogLevel.Debug)]
    public void A_part_is_logged_from_its_level_on(string text, string category, LogLevel first)
    {
        using ServiceProvider services = new ServiceCollection()
            .AddLogging(logging => logging.AddGrainsConsole(LogLevels.Parse(text)!)).BuildServiceProvider();
        ILogger logger = services.GetRequiredService<ILoggerFactory>().CreateLogger(category);
        Assert.All(
            Enum.GetValues<LogLevel>().Where(l => l != LogLevel.None),
            l => Assert.Equal(l >= first, logger.IsEnabled(l)));
    }

    [Theory]
    [InlineData("loud")]
    [InlineData("none")]
    [InlineData("")]
    [InlineData("=debug")]
    [InlineData("information,")]
    [InlineData("Grains=")]
    public void What_is_no_level_is_refused(string text) =>
        Assert.Contains(SettingsOfTest.Refused(["--log=" + text]), p => p.Key == "--log");
}
