namespace Grains.Samples.WordCount;

/// <summary>At which shares of the work something is killed: spread over all of it, drawn from the seed.</summary>
internal sealed class KillPlan
{
    private const double _lastShare = 0.9;

    private readonly Queue<double> _shares;
    private bool _hurry;

    public KillPlan(Random random, int kills)
    {
        _shares = new Queue<double>(
            Enumerable.Range(0, kills).Select(i => (i + random.NextDouble()) / kills * _lastShare));
    }

    public int Done { get; private set; }

    public int Left => _shares.Count;

    /// <summary>Everything that is left is due now.</summary>
    public void Hurry() => _hurry = true;

    /// <summary>Whether the work has come to the next share; true once for each.</summary>
    public bool IsDue(double share)
    {
        if (_shares.Count == 0 || (share < _shares.Peek() && !_hurry))
        {
            return false;
        }

        _shares.Dequeue();
        Done++;
        return true;
    }
}
