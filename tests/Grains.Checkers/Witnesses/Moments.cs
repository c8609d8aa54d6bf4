namespace Grains.Checkers.Witnesses;

internal static class Moments
{
    /// <summary>How many of the ascending moments are before this one.</summary>
    public static int CountBelow(long[] ascending, long ns)
    {
        int low = 0;
        int high = ascending.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (ascending[middle] < ns)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}
