using Microsoft.Extensions.Logging.Console;

namespace Grains.Server.Logs;

/// <summary>The only log of the program: its console.</summary>
internal static class LoggingExtensions
{
    public static ILoggingBuilder AddGrainsConsole(this ILoggingBuilder logging, LogLevels levels)
    {
        levels.Apply(logging);
        return logging
            .AddConsoleFormatter<OneLineFormatter, ConsoleFormatterOptions>()
            .AddConsole(console => console.FormatterName = OneLineFormatter.FormatterName);
    }
}
