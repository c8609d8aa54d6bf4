namespace Grains.Handlers.Servers;

/// <summary>How each dispatcher of this server is: known below the dispatchers, which ask about servers too.</summary>
internal sealed class DispatchReports
{
    private volatile Func<DispatchReport>[] _sources = [];

    public DispatchReport[] Read() => [.. _sources.Select(source => source())];

    /// <summary>Those that run from now on.</summary>
    public void Follow(IEnumerable<Func<DispatchReport>> sources) => _sources = [.. sources];
}
