namespace Grains.StateMachines.Batches;

/// <summary>Which rule decides or answers which command; each noun writes its own into it.</summary>
internal sealed class RuleBook
{
    private readonly Dictionary<Type, Rule> _rules = [];

    public Rule this[Command command] => _rules.TryGetValue(command.GetType(), out Rule? rule)
        ? rule
        : throw new InvalidOperationException($"No noun decides a {command.GetType().Name}.");

    /// <summary>A command that may change something.</summary>
    /// <param name="decide">Stages what it comes to.</param>
    /// <param name="repeat">The first answer again, of one that was applied already; null = nobody may repeat
    /// it.</param>
    /// <param name="earlier">The first answer, of one that is known by other means than its id; null = there is
    /// none.</param>
    public void Decide<T>(
        Func<T, Draft, Answer> decide, Func<AppliedCommand, Answer>? repeat = null, Func<T, long,
        Answer?>? earlier = null)
        where T : Command => _rules.Add(typeof(T), new Rule
    {
        Decide = (command, draft) => decide((T)command, draft),
        Repeat = repeat,
        Earlier = earlier is null ? null : (command, nowMs) => earlier((T)command, nowMs),
    });

    /// <summary>A command that changes nothing: answered from durable state, after the writes of its batch.</summary>
    public void Read<T>(Func<T, Answer> read)
        where T : Command => _rules.Add(typeof(T), new Rule { Read = command => read((T)command) });

    /// <summary>
    /// A command that changes nothing durable, and may wait for its answer: taken up when its batch is over. It answers
    /// at once, or in <see cref="Noun.Answer"/> of a later one.
    /// </summary>
    /// <param name="wait">Takes it up: whom to answer, what, the uptime, and where the answers go.</param>
    /// <param name="read">What it is answered without waiting; null = it is no read.</param>
    public void Wait<T>(Action<object, T, long, List<Reply>> wait, Func<T, Answer>? read = null)
        where T : Command => _rules.Add(typeof(T), new Rule
    {
        Wait = (ticket, command, nowMs, replies) => wait(ticket, (T)command, nowMs, replies),
        Read = read is null ? null : command => read((T)command),
    });
}

/// <summary>What becomes of one kind of command.</summary>
internal sealed class Rule
{
    /// <summary>Null: it changes nothing durable.</summary>
    public Func<Command, Draft, Answer>? Decide { get; init; }

    public Func<AppliedCommand, Answer>? Repeat { get; init; }

    public Func<Command, long, Answer?>? Earlier { get; init; }

    public Func<Command, Answer>? Read { get; init; }

    public Action<object, Command, long, List<Reply>>? Wait { get; init; }
}
