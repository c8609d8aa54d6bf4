using System.Net;
using Grains.FrontEnd;
using Grains.FrontEnd.Access;
using Grains.FrontEnd.Pages;
using Grains.FrontEnd.Routes;
using Grains.Operations.Access;
using Grains.Resp;
using Grains.Server.Limits;
using Grains.Server.Options;
using Grains.Silo.Budgets;
using Grains.Silo.Telemetry;
using Grains.Silo.Tls;
using OpenTelemetry.Trace;
using Orleans.Dashboard;

namespace Grains.Server;

/// <summary>What the server shows on its ports.</summary>
internal static class FrontDoor
{
    private const string _dashboard = "/dashboard";

    /// <summary>
    /// OpenTelemetry's own variable, and with it all its others: service name, headers, sampler, protocol.
    /// </summary>
    private const string _otlp = "OTEL_EXPORTER_OTLP_ENDPOINT";

    public static void AddFrontEnd(this WebApplicationBuilder builder, GrainsOptions options)
    {
        // The last one counts: what a silo or the front end takes by itself knows of no --memory.
        MemoryShares shares = ProcessLimits.Shares(options.MemoryBytes);
        builder.Services.AddSingleton(_ => new ServerMemory(shares));
        builder.Services.Configure<AccessOptions>(access => access.KeysFile = options.KeysFile);
        builder.Services.AddGrainsFrontEnd(front =>
        {
            front.Insecure = options.IsInsecure;
            front.ConnectionsMax = options.ConnectionsMax
                ?? Math.Min(ProcessLimits.ApiConnectionsMax, shares.ConnectionsMax);
            front.RequestsPerSecondMax = options.RequestsPerSecondMax;
        });
        builder.Services.AddGrainsResp(resp =>
        {
            resp.Address = options.Resp?.Address;
            resp.IsOptional = options.Resp is { IsOptional: true };
            resp.Advertised = options.Resp?.Advertised;
            resp.AlwaysRedirects = options.Resp is { AlwaysRedirects: true };
            resp.ConnectionsMax = Math.Min(ProcessLimits.RespConnectionsMax, shares.ConnectionsMax);
        });
        if (options.Resp?.Tls is { } files)
        {
            builder.Services.AddDoorCertificate(DoorCertificate.Open(files, "grains.resp.tls.expiry"));
        }

        builder.Services.EndPromptly();
        if (Environment.GetEnvironmentVariable(_otlp) is { Length: > 0 })
        {
            builder.Services.AddOpenTelemetry().WithTracing(
                traces => traces.AddSource(GrainsMeter.Name, "Microsoft.AspNetCore").AddOtlpExporter());
        }
    }

    public static void MapGrainsServer(this WebApplication server, GrainsOptions options)
    {
        if (options.Cluster is { HasApi: false })
        {
            server.MapGrainsProbes();
            return;
        }

        server.MapGrains();
        if (options.Dashboard)
        {
            server.UseWhen(
                context => context.Request.Path.StartsWithSegments(_dashboard),
                dashboard => dashboard.Use(next =>
                {
                    Lazy<RequestDelegate> pages = new(() => DashboardPages(server.Services, next));
                    return context => MayLook(context, options) ? ShowAsync(context, pages.Value) : Refuse(context);
                }));
        }
    }

    /// <summary>
    /// The dashboard knows no users. With keys configured a connection from this machine proves nothing: a proxy in
    /// front of the server makes all of them local. The name that was asked for must be local too: a page of another
    /// site can let its own resolve to this address. Such a page may link to it, and no more.
    /// </summary>
    private static bool MayLook(HttpContext context, GrainsOptions options) =>
        options.KeysFile is null
        && context.Connection.RemoteIpAddress is { } from && IPAddress.IsLoopback(from)
        && Browsers.AsksForThisMachine(context)
        && (!Browsers.IsFromElsewhere(context, mayBehindTls: false) || Browsers.IsNavigation(context));

    private static Task ShowAsync(HttpContext context, RequestDelegate pages)
    {
        PageHeaders.AllowOwnScripts(context.Response.Headers);
        return pages(context);
    }

    /// <summary>
    /// Made when somebody looks for the first time: it compresses its pages, which was a quarter of a server's start.
    /// </summary>
    private static RequestDelegate DashboardPages(IServiceProvider services, RequestDelegate otherwise)
    {
        object otherEndpoint = new();
        var pages = new ApplicationBuilder(services);
        pages.Use(next => context =>
        {
            context.Items[otherEndpoint] = context.GetEndpoint();
            context.SetEndpoint(null);
            return next(context);
        });
        pages.UseRouting();
        pages.UseEndpoints(endpoints => endpoints.MapOrleansDashboard(_dashboard).WithHead());
        pages.Run(context =>
        {
            context.SetEndpoint((Endpoint?)context.Items[otherEndpoint]);
            return otherwise(context);
        });
        return pages.Build();
    }

    private static Task Refuse(HttpContext context)
    {
        context.RequestServices.GetRequiredService<AccessAudit>().Refused(
            context, StatusCodes.Status403Forbidden, key: null);
        context.Response.StatusCode = StatusCodes.Status403Forbidden;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(
            "The dashboard is shown on this machine only, and not where API keys are in use.\n");
    }
}
