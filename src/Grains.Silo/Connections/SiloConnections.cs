using System.Buffers;
using System.Diagnostics.Metrics;
using System.IO.Pipelines;
using Grains.Silo.Telemetry;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Configuration;

namespace Grains.Silo.Connections;

/// <summary>
/// Connections to the port for other servers, and to the gateway: so many at once, of which half may be without a
/// word yet, and none for long.
/// </summary>
internal sealed class SiloConnections(int connectionsMax, TimeProvider time)
{
    /// <summary>The first words of a server are its length in 4 bytes, little-endian, and so many more.</summary>
    private const int _lengthBytes = 4;
    private const int _preambleBytesMax = 1024;

    private static readonly TimeSpan _preambleMax = TimeSpan.FromSeconds(10);

    private static readonly Counter<long> _refused = GrainsMeter.Instance.CreateCounter<long>(
        "grains.silo.connections.refused", null,
        "Connections of servers refused: too many, or none said who it is in time.");

    private int _open;
    private int _silent;

    /// <summary>Before TLS.</summary>
    public async Task LimitAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var silence = new Silence(this);
        int silent = Interlocked.Increment(ref _silent);
        int open = Interlocked.Increment(ref _open);
        try
        {
            if (open > connectionsMax || silent > Math.Max(1, connectionsMax / 2))
            {
                Refuse(
                    connection, "full",
                    $"There are {open} connections of servers, of which {silent} have not said who they are.");
                return;
            }

            connection.Features.Set(silence);
            await next(connection);
        }
        finally
        {
            silence.End();
            Interlocked.Decrement(ref _open);
        }
    }

    /// <summary>After TLS, which has a deadline of its own.</summary>
    public async Task AwaitPreambleAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        PipeReader input = connection.Transport.Input;
        using (var deadline = new CancellationTokenSource(_preambleMax, time))
        {
            try
            {
                while (true)
                {
                    ReadResult read = await input.ReadAsync(deadline.Token);
                    bool isWhole = IsWhole(read.Buffer);

                    // Nothing is taken: whoever comes next reads all of it.
                    input.AdvanceTo(read.Buffer.Start, isWhole ? read.Buffer.Start : read.Buffer.End);
                    if (isWhole || read.IsCompleted)
                    {
                        break;
                    }
                }
            }
            catch (OperationCanceledException) when (deadline.IsCancellationRequested)
            {
                Refuse(connection, "silent", $"It did not say who it is within {_preambleMax.TotalSeconds} s.");
                return;
            }
        }

        connection.Features.Get<Silence>()?.End();
        await next(connection);
    }

    private static bool IsWhole(in ReadOnlySequence<byte> bytes)
    {
        var reader = new SequenceReader<byte>(bytes);
        return reader.TryReadLittleEndian(out int length)
            && (length is < 0 or > _preambleBytesMax || bytes.Length >= _lengthBytes + length);
    }

    private static void Refuse(ConnectionContext connection, string why, string reason)
    {
        _refused.Add(1, new KeyValuePair<string, object?>("why", why));
        connection.Abort(new ConnectionAbortedException(reason));
    }

    /// <summary>Until a connection has said who it is.</summary>
    private sealed class Silence(SiloConnections all)
    {
        private int _isOver;

        public void End()
        {
            if (Interlocked.Exchange(ref _isOver, 1) == 0)
            {
                Interlocked.Decrement(ref all._silent);
            }
        }
    }
}

/// <summary>Bounds who connects to a silo.</summary>
public static class SiloConnectionsExtensions
{
    /// <param name="silo">Whose.</param>
    /// <param name="connectionsMax">Of its own port and its gateway's together.</param>
    /// <param name="secure">Adds what stands between: TLS.</param>
    public static ISiloBuilder UseConnectionLimits(
        this ISiloBuilder silo, int connectionsMax, Action<ISiloBuilder> secure)
    {
        silo.Services.TryAddSingleton(TimeProvider.System);
        silo.Services.AddSingleton(s => new SiloConnections(connectionsMax, s.GetRequiredService<TimeProvider>()));
        silo.AddInbound(static (all, connection, next) => all.LimitAsync(connection, next));
        secure(silo);
        silo.AddInbound(static (all, connection, next) => all.AwaitPreambleAsync(connection, next));
        return silo;
    }

    private static void AddInbound(
        this ISiloBuilder silo, Func<SiloConnections, ConnectionContext, ConnectionDelegate, Task> guard) =>
        silo.Configure<SiloConnectionOptions>(connections =>
        {
            connections.ConfigureSiloInboundConnection(Add);
            connections.ConfigureGatewayInboundConnection(Add);

            void Add(IConnectionBuilder builder)
            {
                SiloConnections all = builder.ApplicationServices.GetRequiredService<SiloConnections>();
                builder.Use(next => connection => guard(all, connection, next));
            }
        });
}
