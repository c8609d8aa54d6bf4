using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using System.Text;
using Grains.Silo.Telemetry;
using Grains.StateMachines.Slots;
using Microsoft.Extensions.Options;

namespace Grains.Resp.Sessions;

/// <summary>The port itself, as its connections see it.</summary>
internal sealed class RespSurroundings(IOptions<RespOptions> options) : IDisposable
{
    private static readonly Counter<long> _accepted = GrainsMeter.Instance.CreateCounter<long>(
        "grains.resp.accepted", null, "Connections of Redis clients that were accepted.");

    private static readonly Counter<long> _full = GrainsMeter.Instance.CreateCounter<long>(
        "grains.resp.full", null, "Connections of Redis clients that were refused because too many were open.");

    private readonly ServerGauges _gauges = new();
    private int _connections;

    public string Host => options.Value.Address?.Address.ToString() ?? "";

    public int Port { get; set; } = options.Value.Address?.Port ?? 0;

    public int ConnectionsMax => options.Value.ConnectionsMax;

    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Forty hexadecimal digits, the same for one address at each start.</summary>
    public string NodeId { get; } = Convert.ToHexStringLower(
        SHA256.HashData(Encoding.UTF8.GetBytes($"{Environment.MachineName} {options.Value.Address}")))[..40];

    public static int LastSlot => SlotMap.SlotCount - 1;

    public void AddGauges() => _gauges.Add(
        "grains.resp.connections", () => Connections, null, "Connections of Redis clients that are open.");

    public bool TryAdd()
    {
        if (Interlocked.Increment(ref _connections) <= ConnectionsMax)
        {
            _accepted.Add(1);
            return true;
        }

        _full.Add(1);
        Interlocked.Decrement(ref _connections);
        return false;
    }

    public void Remove() => Interlocked.Decrement(ref _connections);

    public void Dispose() => _gauges.Dispose();
}
