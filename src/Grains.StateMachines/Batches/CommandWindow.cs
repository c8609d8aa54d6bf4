namespace Grains.StateMachines.Batches;

/// <summary>
/// The last commands of one router that changed something: number → revision and result, in a ring that grows up to
/// its bound. Below the window nothing is known, so an id there is refused.
/// </summary>
internal sealed class CommandWindow(int bound)
{
    private const int _firstCapacity = 64;

    private AppliedCommand[] _ring = new AppliedCommand[Math.Min(_firstCapacity, bound)];

    public long Highest { get; private set; }

    /// <summary>Record time of the newest command.</summary>
    public long LastUsedMs { get; private set; }

    /// <summary>True: a command of that number, were it applied, would be found.</summary>
    public bool Covers(long number) => number > Highest - bound;

    /// <summary>Those that are covered, by their numbers.</summary>
    public List<AppliedCommand> InOrder()
    {
        var all = new List<AppliedCommand>(_ring.Length);
        for (long number = Math.Max(1, Highest - bound + 1); number <= Highest; number++)
        {
            if (Find(number) is { } found)
            {
                all.Add(found);
            }
        }

        return all;
    }

    public AppliedCommand? Find(long number)
    {
        AppliedCommand found = _ring[number % _ring.Length];
        return found.Number == number ? found : null;
    }

    public void Add(in AppliedCommand command, long nowMs)
    {
        LastUsedMs = nowMs;
        if (!Covers(command.Number))
        {
            return;
        }

        Highest = Math.Max(Highest, command.Number);
        while (_ring.Length < bound && Clashes(command))
        {
            Grow();
        }

        _ring[command.Number % _ring.Length] = command;
    }

    public CommandWindow Copy()
    {
        var copy = (CommandWindow)MemberwiseClone();
        copy._ring = (AppliedCommand[])_ring.Clone();
        return copy;
    }

    private bool Clashes(in AppliedCommand command)
    {
        AppliedCommand present = _ring[command.Number % _ring.Length];
        return present.Number != 0 && present.Number != command.Number && Covers(present.Number);
    }

    private void Grow()
    {
        AppliedCommand[] old = _ring;
        _ring = new AppliedCommand[Math.Min(old.Length * 2, bound)];
        foreach (AppliedCommand command in old)
        {
            if (command.Number > 0 && Covers(command.Number))
            {
                _ring[command.Number % _ring.Length] = command;
            }
        }
    }
}

/// <summary>A command that took effect.</summary>
/// <param name="Number">Its number, from 1.</param>
/// <param name="Revision">The revision that it became.</param>
/// <param name="Result">What its answer needs beside the revision.</param>
internal readonly record struct AppliedCommand(long Number, long Revision, long Result);
