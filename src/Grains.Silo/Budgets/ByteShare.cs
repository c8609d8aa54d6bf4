namespace Grains.Silo.Budgets;

/// <summary>A share of the process's memory: what is taken from it is given back. Any thread.</summary>
public sealed class ByteShare(long bytesMax)
{
    private long _taken;

    public long BytesMax => bytesMax;

    public long Taken => Interlocked.Read(ref _taken);

    /// <param name="bytes">Wanted.</param>
    /// <param name="leaving">So many are left for others.</param>
    /// <returns>False, and nothing is taken, where there is not so much left.</returns>
    public bool TryTake(long bytes, long leaving = 0)
    {
        if (Interlocked.Add(ref _taken, bytes) <= bytesMax - leaving)
        {
            return true;
        }

        Interlocked.Add(ref _taken, -bytes);
        return false;
    }

    public void Return(long bytes)
    {
        if (Interlocked.Add(ref _taken, -bytes) < 0)
        {
            throw new InvalidOperationException(
                $"{bytes} bytes were given back to a share from which they were not taken.");
        }
    }
}
