namespace Grains.StateMachines.Batches;

/// <summary>Two counts in the one number that is kept of a command's result.</summary>
internal static class Counts
{
    private const int _bits = 31;

    public static long Pack(int high, int low) => ((long)high << _bits) | (uint)low;

    public static int High(long packed) => (int)(packed >> _bits);

    public static int Low(long packed) => (int)(packed & int.MaxValue);
}
