namespace Grains.Samples.WordCount;

/// <summary>
/// Points of the work at which something is to happen: message numbers, spread over all of it and drawn from the seed.
/// Nobody sends beyond one before it has happened, so that a fast machine cannot be done first.
/// </summary>
internal sealed class Milestones
{
    private const double _lastShare = 0.9;

    private readonly int[] _at;
    private readonly TaskCompletionSource[] _passed;
    private TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _reachedCount;
    private long _countedAtLast = -1;

    public Milestones(Random random, int times, int messages)
    {
        _at = [.. Enumerable.Range(0, times).Select(
            i => Math.Clamp(
                (int)((i + random.NextDouble()) / times * _lastShare * messages), Math.Min(1, messages - 1),
                messages - 1))];
        _passed = [.. _at.Select(_ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously))];
    }

    public int Done { get; private set; }

    public int Left => _at.Length - Done;

    /// <summary>Ends as soon as senders stand at the next one.</summary>
    public Task Reached => Volatile.Read(ref _reached).Task;

    /// <summary>
    /// Before message <paramref name="number"/> is sent: waits while it is beyond a point that is not done.
    /// </summary>
    public async Task PassAsync(int number, CancellationToken stop)
    {
        for (int i = 0; i < _at.Length && _at[i] <= number; i++)
        {
            if (!_passed[i].Task.IsCompleted)
            {
                InterlockedMax(ref _reachedCount, i + 1);
                Volatile.Read(ref _reached).TrySetResult();
                await _passed[i].Task.WaitAsync(stop);
            }
        }
    }

    /// <summary>
    /// Whether it is time; not before something was counted since the last one, so that each meets work.
    /// </summary>
    public bool IsDue(long counted) =>
        Volatile.Read(ref _reachedCount) > Done
        && (counted > _countedAtLast || (Done > 0 && _at[Done] == _at[Done - 1]));

    /// <summary>It has happened: the senders go on.</summary>
    public void Pass(long counted)
    {
        _countedAtLast = counted;
        Volatile.Write(ref _reached, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        _passed[Done++].SetResult();
    }

    private static void InterlockedMax(ref int place, int value)
    {
        for (int seen = Volatile.Read(ref place); seen < value;)
        {
            int before = Interlocked.CompareExchange(ref place, value, seen);
            seen = before == seen ? value : before;
        }
    }
}
