using System.Collections.Concurrent;
using System.Diagnostics;
using Grains.Checkers;
using Grains.Checkers.Deliveries;
using Grains.Checkers.Messages;
using Grains.Checkers.Registers;
using Grains.Checkers.Witnesses;

namespace Grains.Faults.Tests.Workload;

/// <summary>
/// Everything the clients know: what was asked, what was acknowledged, and every number the server gave. Kept in this
/// process and in a log outside every volume that is broken.
/// </summary>
internal sealed class LoadRecord : IDisposable
{
    private readonly HistoryLog _log;
    private long _acknowledged;

    public LoadRecord(string logPath, Names names)
    {
        Names = names;
        _log = new HistoryLog(new StreamWriter(logPath));
        Registers = new History<RegisterCall, RegisterResult>(_log);
    }

    public Names Names { get; }

    public History<RegisterCall, RegisterResult> Registers { get; }

    /// <summary>Keys that are put once, each by one client.</summary>
    public ConcurrentDictionary<string, MessageFate> OnceKeys { get; } = new(StringComparer.Ordinal);

    /// <summary>Messages by their labels.</summary>
    public ConcurrentDictionary<string, MessageFate> Messages { get; } = new(StringComparer.Ordinal);

    public ConcurrentBag<Witness> Witnesses { get; } = [];

    /// <summary>Deliveries that were given, renewed and committed.</summary>
    public ConcurrentBag<DeliveryAct> Deliveries { get; } = [];

    /// <summary>What a client saw that must never be, whatever else happened.</summary>
    public ConcurrentQueue<string> Violations { get; } = new();

    /// <summary>Writes, messages and commits that the server acknowledged.</summary>
    public long Acknowledged => Interlocked.Read(ref _acknowledged);

    public static long NowNs() => Stopwatch.GetTimestamp() * (1_000_000_000L / Stopwatch.Frequency);

    public void Acknowledge(string what, string detail)
    {
        Interlocked.Increment(ref _acknowledged);
        _log.Write(0, "ack", what, detail, NowNs());
    }

    public void Wrote(
        uint partition, long revision, long callNs, string? key = null, string? value = null, long epoch = 0) =>
        Witnesses.Add(new Witness
        {
            Kind = WitnessKind.Write,
            Partition = partition,
            Revision = revision,
            Epoch = epoch,
            Key = key,
            Value = value,
            CallNs = callNs,
            ReturnNs = NowNs(),
        });

    public void Saw(uint partition, long version, long callNs, string key, string value) =>
        Saw(WitnessKind.Seen, partition, version, callNs, key, value);

    /// <summary>By a read that may be of the past.</summary>
    public void SawOld(uint partition, long version, long callNs, string key, string value) =>
        Saw(WitnessKind.Stale, partition, version, callNs, key, value);

    public void Did(DeliveryActKind kind, Delivery delivery, long callNs) =>
        Deliveries.Add(new DeliveryAct(kind, delivery.Node, delivery.Token, callNs, NowNs()));

    public void Dispose() => _log.Dispose();

    private void Saw(WitnessKind kind, uint partition, long version, long callNs, string key, string value) =>
        Witnesses.Add(new Witness
        {
            Kind = kind,
            Partition = partition,
            Revision = version,
            Key = key,
            Value = value,
            CallNs = callNs,
            ReturnNs = NowNs(),
        });
}
