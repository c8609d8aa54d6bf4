using System.Globalization;
using System.Text;
using Grains.Silo.Telemetry;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Grains.Server.Logs;

/// <summary>
/// An entry is one line, whatever it carries: names that clients chose reach the log by many messages, of this program
/// and of what it is built on, and this is the place that all of them pass.
/// </summary>
internal sealed class OneLineFormatter(TimeProvider time) : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "grains";

    private const int _messageCharsMax = 8_192;
    private const int _exceptionCharsMax = 32_768;

    [ThreadStatic]
    private static StringBuilder? _reused;

    public OneLineFormatter()
        : this(TimeProvider.System)
    {
    }

    public override void Write<TState>(
        in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        string message = logEntry.Formatter(logEntry.State, logEntry.Exception);
        StringBuilder line = (_reused ??= new StringBuilder()).Clear();
        line.Append(
            CultureInfo.InvariantCulture, $"{time.GetUtcNow():yyyy-MM-ddTHH:mm:ss.fffZ} {Word(logEntry.LogLevel)}: ");
        line.Append(CultureInfo.InvariantCulture, $"{logEntry.Category}[{logEntry.EventId.Id}] ");
        LogText.Append(line, message, _messageCharsMax);
        if (logEntry.Exception is { } exception)
        {
            // Its own lines are no attack, and easier to read apart.
            LogText.Append(
                line.Append(' '), exception.ToString().Replace(Environment.NewLine, " ", StringComparison.Ordinal),
                _exceptionCharsMax);
        }

        textWriter.WriteLine(line);
    }

    private static string Word(LogLevel level) => level switch
    {
        LogLevel.Trace => "trce",
        LogLevel.Debug => "dbug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warn",
        LogLevel.Error => "fail",
        _ => "crit",
    };
}
