using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Grains.FrontEnd.Tests.World;

/// <summary>What is logged, from Information on.</summary>
internal sealed class LogLines : ILoggerProvider, ILogger
{
    public ConcurrentQueue<string> Lines { get; } = new();

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?,
        string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            Lines.Enqueue(formatter(state, exception));
        }
    }

    /// <summary>Waits for a line with these words, and gives it.</summary>
    public async Task<string> UntilAsync(string words, TimeSpan atMost)
    {
        using var deadline = new CancellationTokenSource(atMost);
        using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (true)
        {
            if (Lines.FirstOrDefault(l => l.Contains(words, StringComparison.Ordinal)) is { } line)
            {
                return line;
            }

            await look.WaitForNextTickAsync(deadline.Token);
        }
    }

    public void Dispose()
    {
    }
}
