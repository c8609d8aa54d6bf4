namespace Grains.Silo.Telemetry;

/// <summary>
/// How often an entry that strangers cause may be written, so that whoever knocks cannot fill the log: a burst, then
/// one a second; the others are counted, and the next entry says how many they were. Any thread.
/// </summary>
public sealed class LogPace(TimeProvider time, int burst = 1)
{
    private static readonly TimeSpan _between = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private long _at = time.GetTimestamp();
    private double _left = burst;
    private long _unsaid;

    /// <param name="unsaid">How many were held back since the last entry.</param>
    /// <returns>False: it is counted, and not to be written.</returns>
    public bool MayWrite(out long unsaid) => May(wants: 1, out unsaid);

    /// <summary>Whether it is time to write how many were held back, where nothing came after them.</summary>
    public bool MaySumUp(out long unsaid) => May(wants: 0, out unsaid) && unsaid > 0;

    private bool May(int wants, out long unsaid)
    {
        lock (_lock)
        {
            long now = time.GetTimestamp();
            _left = Math.Min(burst, _left + (time.GetElapsedTime(_at, now) / _between));
            _at = now;
            if (_left < 1)
            {
                _unsaid += wants;
                unsaid = 0;
                return false;
            }

            if (wants > 0 || _unsaid > 0)
            {
                _left--;
            }

            unsaid = _unsaid;
            _unsaid = 0;
            return true;
        }
    }
}
