using Grains.FrontEnd.Access;

namespace Grains.Server.Logs;

/// <summary>What is logged, from which level on. Inert.</summary>
internal sealed class LogLevels
{
    private static readonly Dictionary<string, LogLevel> _words = new(StringComparer.OrdinalIgnoreCase)
    {
        ["trace"] = LogLevel.Trace,
        ["debug"] = LogLevel.Debug,
        ["information"] = LogLevel.Information,
        ["warning"] = LogLevel.Warning,
        ["error"] = LogLevel.Error,
    };

    /// <summary>
    /// A start that fails is explained in one line by the program; the hosts would add a stack trace each.
    /// </summary>
    private static readonly (string Category, LogLevel Level)[] _always =
    [
        ("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None),
        ("Orleans.Runtime.Silo", LogLevel.None),
        ("Orleans.Runtime.SiloLifecycleSubject", LogLevel.None),
        ("Orleans.Hosting.SiloHostedService", LogLevel.None),

        // Who did what is said at every level.
        (typeof(AccessAudit).FullName!, LogLevel.Information),
    ];

    private static readonly (string Category, LogLevel Level)[] _usual =
    [
        ("Orleans", LogLevel.Warning),
        ("Orleans.Runtime.Watchdog", LogLevel.Error),
        ("Microsoft", LogLevel.Warning),
        ("Polly", LogLevel.Warning),

        // While it may say anything, each request has a scope and an activity that nobody reads (decision 34).
        ("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None),
        ("Grains.Silo.Ownership.ServerService", LogLevel.Warning),
        ("Grains.Handlers.Servers.HandlerService", LogLevel.Warning),
    ];

    private readonly LogLevel _level;
    private readonly IReadOnlyList<(string Category, LogLevel Level)> _given;

    private LogLevels(LogLevel level, IReadOnlyList<(string Category, LogLevel Level)> given)
    {
        _level = level;
        _given = given;
    }

    public static LogLevels Usual { get; } = new(LogLevel.Information, []);

    /// <param name="text"><c>LEVEL</c> or <c>CATEGORY=LEVEL</c>, several with commas.</param>
    /// <returns>Null: it is not of that form.</returns>
    public static LogLevels? Parse(string text)
    {
        LogLevel all = LogLevel.Information;
        var given = new List<(string, LogLevel)>();
        foreach (string part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            int equals = part.LastIndexOf('=');
            if (!_words.TryGetValue(part[(equals + 1)..], out LogLevel level) || equals == 0)
            {
                return null;
            }

            if (equals < 0)
            {
                all = level;
            }
            else
            {
                given.Add((part[..equals], level));
            }
        }

        return new LogLevels(all, given);
    }

    public void Apply(ILoggingBuilder logging)
    {
        logging.SetMinimumLevel(_level);
        foreach (
            (string category, LogLevel level) in (IEnumerable<(string, LogLevel)>)[.. _usual, .. _given, .. _always])
        {
            logging.AddFilter(category, level);
        }
    }
}
