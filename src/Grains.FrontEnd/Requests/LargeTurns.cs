namespace Grains.FrontEnd.Requests;

/// <summary>
/// What is large comes in a piece at a time, and half of the processors at the most are at such pieces: who sends a
/// mebibyte at once on many connections leaves the rest to those who ask for little. A turn is never kept while nothing
/// comes. First come, first served. Any thread.
/// </summary>
internal sealed class LargeTurns(int atOnceMax)
{
    private readonly SemaphoreSlim _free = new(atOnceMax);

    public static LargeTurns OfProcess { get; } = new(Math.Max(1, Environment.ProcessorCount / 2));

    /// <summary>Whoever disposes of what is returned has had its turn.</summary>
    public async ValueTask<Turn> BeginAsync()
    {
        await _free.WaitAsync();
        return new Turn(_free);
    }

    internal readonly struct Turn(SemaphoreSlim? free) : IDisposable
    {
        public void Dispose() => free?.Release();
    }
}
