namespace Grains.Benchmarks.Postgres;

/// <summary>One way to keep what is put and sent, over a Postgres of its own.</summary>
internal abstract class Contender(BenchmarkDatabase database) : IAsyncDisposable
{
    public abstract string Name { get; }

    public BenchmarkDatabase Database => database;

    /// <summary>Processor time so far of server processes between the callers and Postgres.</summary>
    public virtual TimeSpan ServersCpu => TimeSpan.Zero;

    /// <summary>Every key once, so that every put finds one.</summary>
    public abstract Task FillAsync();

    /// <summary>Ways to put; the fastest counts.</summary>
    public abstract IReadOnlyList<Way> Puts(int callers);

    /// <summary>
    /// Ways to send so many messages, each by itself and all at once, to receive them as one delivery, and to commit it
    /// with a state; the fastest counts.
    /// </summary>
    public abstract IReadOnlyList<Way> Cycles(int callers, int messages);

    public virtual ValueTask DisposeAsync() => database.DisposeAsync();
}

/// <summary>A way to do a piece of work.</summary>
internal sealed record Way(string Name, Func<Task<Work>> OpenAsync);

/// <summary>What callers do again and again, and what they hold open for it.</summary>
/// <param name="step">One caller's, by its number.</param>
/// <param name="close">Afterwards.</param>
internal sealed class Work(Func<int, ValueTask> step, Func<ValueTask>? close = null) : IAsyncDisposable
{
    public Func<int, ValueTask> Step => step;

    public ValueTask DisposeAsync() => close?.Invoke() ?? ValueTask.CompletedTask;
}
