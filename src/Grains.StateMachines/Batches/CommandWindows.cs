using Grains.StateMachines.Codecs;
using Grains.StateMachines.Ids;

namespace Grains.StateMachines.Batches;

/// <summary>
/// The command windows of all routers that wrote to a partition; the batch's own beside the durable ones.
/// </summary>
internal sealed class CommandWindows(MachineLimits limits)
{
    private readonly Dictionary<CommandId, AppliedCommand> _staged = [];
    private Dictionary<long, CommandWindow> _windows = [];

    /// <summary>A router that began by then and is unknown was forgotten: its commands are refused.</summary>
    public long Floor { get; private set; }

    /// <summary>The youngest router that ever wrote here, as far as is known.</summary>
    public long Newest => _windows.Keys.Append(Floor).Max();

    /// <summary>What is known of a command that may be a repeat.</summary>
    public CommandVerdict Judge(CommandId id, out AppliedCommand applied)
    {
        applied = default;
        if (id.IsNone)
        {
            return CommandVerdict.New;
        }

        if (_staged.TryGetValue(id, out applied))
        {
            return CommandVerdict.Applied;
        }

        if (!_windows.TryGetValue(id.Incarnation, out CommandWindow? window))
        {
            return id.Incarnation <= Floor ? CommandVerdict.TooOld : CommandVerdict.New;
        }

        if (window.Find(id.Number) is { } found)
        {
            applied = found;
            return CommandVerdict.Applied;
        }

        return window.Covers(id.Number) ? CommandVerdict.New : CommandVerdict.TooOld;
    }

    public void Stage(CommandId id, long revision, long result) =>
        _staged[id] = new AppliedCommand(id.Number, revision, result);

    public void Commit(long nowMs)
    {
        foreach ((CommandId id, AppliedCommand applied) in _staged)
        {
            Add(id.Incarnation, applied, nowMs);
        }

        _staged.Clear();
    }

    public void Drop() => _staged.Clear();

    public CommandWindows Copy()
    {
        var copy = (CommandWindows)MemberwiseClone();
        copy._windows = _windows.ToDictionary(w => w.Key, w => w.Value.Copy());
        return copy;
    }

    public void Write(RecordWriter to)
    {
        to.Varint(Floor);
        to.Varint(_windows.Count);
        foreach ((long incarnation, CommandWindow window) in _windows.OrderBy(w => w.Key))
        {
            List<AppliedCommand> all = window.InOrder();
            to.Varint(incarnation);
            to.Varint(window.LastUsedMs);
            to.Varint(all.Count);
            foreach (AppliedCommand command in all)
            {
                to.Varint(command.Number);
                to.Varint(command.Revision);
                to.Varint(command.Result);
            }
        }
    }

    public void Read(ref RecordReader from)
    {
        Floor = from.Varint();
        long windows = from.Varint();
        for (long w = 0; w < windows; w++)
        {
            var window = new CommandWindow(limits.CommandWindow);
            _windows[from.Varint()] = window;
            long lastUsedMs = from.Varint();
            long commands = from.Varint();
            for (long c = 0; c < commands; c++)
            {
                window.Add(new AppliedCommand(from.Varint(), from.Varint(), from.Varint()), lastUsedMs);
            }
        }
    }

    private void Add(long incarnation, in AppliedCommand applied, long nowMs)
    {
        if (!_windows.TryGetValue(incarnation, out CommandWindow? window))
        {
            window = _windows[incarnation] = new CommandWindow(limits.CommandWindow);
            if (_windows.Count > limits.RoutersMax)
            {
                ForgetOldestBut(incarnation);
            }
        }

        window.Add(applied, nowMs);
    }

    private void ForgetOldestBut(long incarnation)
    {
        long oldest = _windows.Keys.Where(k => k != incarnation).Min();
        _windows.Remove(oldest);
        Floor = Math.Max(Floor, oldest);
    }
}

/// <summary>What a command window says of a command id.</summary>
internal enum CommandVerdict
{
    /// <summary>Was not applied.</summary>
    New,

    /// <summary>Was applied: answer as then.</summary>
    Applied,

    /// <summary>Cannot be told: refuse.</summary>
    TooOld,
}
