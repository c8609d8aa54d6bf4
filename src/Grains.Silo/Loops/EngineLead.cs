namespace Grains.Silo.Loops;

/// <summary>
/// The engine for a thread that begins commands of many callers one after another, and then leads for all of them.
/// Where the journal cannot be led there is nothing to lead.
/// </summary>
public sealed class EngineLead(PartitionEngine? engine)
{
    /// <summary>The calling thread promises to lead after whatever it posts.</summary>
    public static void PromiseOnThisThread() => PartitionEngine.PromiseToLead();

    /// <summary>One cycle, if something is ready and nobody leads.</summary>
    /// <returns>More is ready: it is to be called again soon.</returns>
    public bool Lead() => engine?.LeadOneCycle() == true;
}
