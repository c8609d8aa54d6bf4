namespace Grains.Journal.Memory;

/// <summary>Chooses the faults of one journal: the planned ones first, then by chance from the given source.</summary>
public sealed class MemoryFaults(Random random, MemoryFaultRates rates)
{
    private readonly Lock _gate = new();
    private readonly List<(MemoryStep Step, MemoryFault Fault, int Skip)> _planned = [];

    /// <summary>Nothing goes wrong but what is planned.</summary>
    public static MemoryFaults Planned() => new(new Random(0), new MemoryFaultRates { LateLanding = 0 });

    /// <summary>Strikes once, at the step's next call, or after <paramref name="skip"/> more of them.</summary>
    public MemoryFaults Plan(MemoryStep step, MemoryFault fault, int skip = 0)
    {
        lock (_gate)
        {
            _planned.Add((step, fault, skip));
        }

        return this;
    }

    internal MemoryFault Next(MemoryStep step)
    {
        lock (_gate)
        {
            return NextPlanned(step) ?? ByChance(step);
        }
    }

    internal bool LandsNow()
    {
        lock (_gate)
        {
            return rates.LateLanding > 0 && random.NextDouble() < rates.LateLanding;
        }
    }

    internal int Cut(int bytes)
    {
        lock (_gate)
        {
            return random.Next(bytes + 1);
        }
    }

    private MemoryFault? NextPlanned(MemoryStep step)
    {
        int at = _planned.FindIndex(p => p.Step == step);
        if (at < 0)
        {
            return null;
        }

        (_, MemoryFault fault, int skip) = _planned[at];
        if (skip > 0)
        {
            _planned[at] = (step, fault, skip - 1);
            return null;
        }

        _planned.RemoveAt(at);
        return fault;
    }

    private MemoryFault ByChance(MemoryStep step)
    {
        double drawn = random.NextDouble();
        foreach ((MemoryFault fault, double rate) in rates.At(step))
        {
            drawn -= rate;
            if (drawn < 0)
            {
                return fault;
            }
        }

        return MemoryFault.None;
    }
}
