using System.Text.Json;

namespace Grains.Checkers;

/// <summary>
/// The events of a run as lines of JSON, <c>{i, p, t, k, v, ns}</c>: number, process, invoke, ok, fail or info, key,
/// call or outcome, monotonic ns. One log may serve several histories.
/// </summary>
public sealed class HistoryLog(TextWriter writer) : IDisposable
{
    private readonly Lock _gate = new();
    private long _events;

    public void Write(int process, string phase, string key, object? value, long nowNs)
    {
        lock (_gate)
        {
            writer.WriteLine(JsonSerializer.Serialize(
                new { i = _events++, p = process, t = phase, k = key, v = value?.ToString(), ns = nowNs }));
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            writer.Dispose();
        }
    }
}
