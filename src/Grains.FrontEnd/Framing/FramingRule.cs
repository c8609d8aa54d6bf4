using System.Diagnostics.Metrics;
using System.IO.Pipelines;
using Grains.Silo.Telemetry;
using Microsoft.AspNetCore.Connections;

namespace Grains.FrontEnd.Framing;

/// <summary>
/// Stands between the sockets and the web server, which takes framing that RFC 9112 lets or makes a recipient refuse.
/// </summary>
internal static class FramingRule
{
    private static readonly Counter<long> _broken = GrainsMeter.Instance.CreateCounter<long>(
        "grains.connections.broken-framing", "{connection}",
        "Connections closed because a request was not framed as RFC 9112 wants it.");

    public static void Apply(IConnectionBuilder connections) =>
        connections.Use(next => connection => FollowAsync(connection, next));

    private static async Task FollowAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        IDuplexPipe transport = connection.Transport;
        connection.Transport = new Followed(new FramedReader(transport.Input, () => _broken.Add(1)), transport.Output);
        try
        {
            await next(connection);
        }
        finally
        {
            connection.Transport = transport;
        }
    }

    private sealed record Followed(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
