using System.Diagnostics.Metrics;
using Grains.Silo.Telemetry;

namespace Grains.Silo.Budgets;

/// <summary>The memory of this process, as it is shared out and used.</summary>
public sealed class ServerMemory : IDisposable
{
    private readonly ServerGauges _gauges = new();

    public ServerMemory(MemoryShares shares)
    {
        Shares = shares;
        Data = new DataBudget(shares, new HeapPressure(shares.SurvivingBytesMax));
        Bodies = new ByteShare(shares.BodyBytesMax);
        Answers = new ByteShare(shares.AnswerBytesMax);
        Queues = new ByteShare(shares.QueuedBytesMax);
        _gauges.Add(
            "grains.memory.used", () => Measure(Data.HeldBytes, Bodies.Taken, Answers.Taken, Queues.Taken), "By",
            "Memory in use, by share.");
        _gauges.Add(
            "grains.memory.limit", () => Measure(Data.BytesMax, Bodies.BytesMax, Answers.BytesMax, Queues.BytesMax),
            "By",
            "Memory that may be used, by share.");
    }

    public MemoryShares Shares { get; }

    public DataBudget Data { get; }

    public ByteShare Bodies { get; }

    public ByteShare Answers { get; }

    public ByteShare Queues { get; }

    private static Measurement<long>[] Measure(long data, long bodies, long answers, long queues) =>
    [
        Of("data", data), Of("bodies", bodies), Of("answers", answers), Of("queues", queues),
    ];

    private static Measurement<long> Of(string share, long bytes) =>
        new(bytes, new KeyValuePair<string, object?>("share", share));

    public void Dispose() => _gauges.Dispose();
}
