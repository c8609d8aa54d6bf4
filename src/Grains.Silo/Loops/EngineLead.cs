namespace Grains.Silo.Loops;

/// <summary>
/// The engine for a thread that begins commands of many callers one after another, and then leads for all of them.
/// Where the journal cannot be led there is nothing to lead.
/// </summary>
public sealed class EngineLead(PartitionEngine? engine)
{
    /// <summary>The calling thread promises to lead after whatever it posts.</summary>
    public static void PromiseOnThisThread() => PartitionEngine.PromiseToLead();

    /// <summary>
    /// Commands that the calling thread posts until this is disposed of, there and before it waits for any, are taken
    /// up together: those of one partition are one batch, as far as a batch goes.
    /// </summary>
    public Gathering Gather() => new(engine);

    /// <summary>One cycle, if something is ready and nobody leads.</summary>
    /// <returns>More is ready: it is to be called again soon.</returns>
    public bool Lead() => engine?.LeadOneCycle() == true;
}

/// <summary>Of one thread: commands that are posted together.</summary>
public readonly ref struct Gathering
{
    private readonly PartitionEngine? _engine;
    private readonly bool _leadsLater;

    internal Gathering(PartitionEngine? engine)
    {
        _engine = engine;
        _leadsLater = engine is not null && PartitionEngine.BeginGathering();
    }

    /// <summary>Leads one cycle for all of them.</summary>
    public void Dispose() => _engine?.EndGathering(_leadsLater);
}
