using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics.Metrics;

namespace Grains.Silo.Telemetry;

/// <summary>
/// What a server is asked for when metrics are read, as long as it lives. Several may live in a process, and one after
/// another: an instrument is made once for all of them, and what is gone is not asked, and not kept.
/// </summary>
public sealed class ServerGauges : IDisposable
{
    private readonly List<Action> _ends = [];

    public void Add<T>(string name, Func<T> value, string? unit, string description)
        where T : struct =>
        Add(name, () => (IEnumerable<Measurement<T>>)[new Measurement<T>(value())], unit, description);

    public void Add<T>(string name, Func<IEnumerable<Measurement<T>>> values, string? unit, string description)
        where T : struct
    {
        Gauge<T> gauge = Gauge<T>.Of(name, unit, description);
        gauge.Add(values);
        _ends.Add(() => gauge.Remove(values));
    }

    public void Dispose()
    {
        _ends.ForEach(end => end());
        _ends.Clear();
    }

    private sealed class Gauge<T>
        where T : struct
    {
        private static readonly ConcurrentDictionary<string, Lazy<Gauge<T>>> _byName = new();
        private ImmutableList<Func<IEnumerable<Measurement<T>>>> _servers = [];

        private Gauge(string name, string? unit, string description) =>
            GrainsMeter.Instance.CreateObservableGauge(
                name, () => _servers.SelectMany(server => server()), unit, description);

        public static Gauge<T> Of(string name, string? unit, string description) => _byName.GetOrAdd(
            name, n => new Lazy<Gauge<T>>(() => new Gauge<T>(n, unit, description))).Value;

        public void Add(Func<IEnumerable<Measurement<T>>> server) =>
            ImmutableInterlocked.Update(ref _servers, (all, one) => all.Add(one), server);

        public void Remove(Func<IEnumerable<Measurement<T>>> server) =>
            ImmutableInterlocked.Update(ref _servers, (all, one) => all.Remove(one), server);
    }
}
