namespace Grains.Faults.Tests.Nemesis;

/// <summary>When the next fault comes: drawn from the seed, long enough apart for work to be done in between.</summary>
internal sealed class RandomMoments(int seed)
{
    private const int _shortestMs = 300;
    private const int _longestMs = 1_800;

    private readonly Random _random = new(seed);

    public Task NextAsync() => Task.Delay(_random.Next(_shortestMs, _longestMs));
}
