using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Grains.FrontEnd.Cluster;

/// <summary>The exporter is a middleware; this makes it the handler of one guarded route.</summary>
internal sealed class MetricsPage(IServiceProvider services)
{
    private readonly RequestDelegate _exporter =
        new ApplicationBuilder(services).UseOpenTelemetryPrometheusScrapingEndpoint(_ => true).Build();

    public Task WriteAsync(HttpContext http) => _exporter(http);
}
