namespace Grains.Simulation.Tests.World;

/// <summary>
/// The scheduler of one simulated process. Paused, it keeps what becomes ready until it goes on, as a stopped process
/// does; ended, it runs nothing ever again.
/// </summary>
internal sealed class Lane(Kernel kernel, string name, int number) : SynchronizationContext
{
    private readonly List<Action> _held = [];
    private bool _isPaused;
    private bool _isEnded;

    public int Number => number;

    public bool IsPaused => _isPaused;

    public override void Post(SendOrPostCallback d, object? state) => kernel.Ready(this, () => d(state));

    public override void Send(SendOrPostCallback d, object? state) =>
        throw new NotSupportedException("Nothing waits for a lane.");

    public override SynchronizationContext CreateCopy() => this;

    /// <summary>False: it is kept, or will never run.</summary>
    public bool Takes(Action run)
    {
        if (_isPaused && !_isEnded)
        {
            _held.Add(run);
        }

        return !_isPaused && !_isEnded;
    }

    public void Pause() => _isPaused = true;

    public void Resume()
    {
        _isPaused = false;
        _held.ForEach(run => kernel.Ready(this, run));
        _held.Clear();
    }

    public void End()
    {
        _isEnded = true;
        _held.Clear();
    }

    public override string ToString() => name;
}
