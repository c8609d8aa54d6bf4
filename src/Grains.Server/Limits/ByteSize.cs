using System.Globalization;
using Grains.StateMachines.Codecs;

namespace Grains.Server.Limits;

/// <summary>Numbers of bytes, as people write them: <c>512MiB</c>, <c>4GiB</c>, or a plain number.</summary>
internal static class ByteSize
{
    private static readonly (string Unit, int Shift)[] _units =
    [
        ("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10), ("B", 0), ("", 0)
    ];

    /// <returns>Null: it is none.</returns>
    public static long? Parse(string text)
    {
        (string unit, int shift) = _units.First(u => text.EndsWith(u.Unit, StringComparison.Ordinal));
        return WholeNumber.TryParse(text.AsSpan()[..^unit.Length], long.MaxValue >> shift, out long count)
            ? count << shift
            : null;
    }

    /// <summary>In the largest unit that leaves at least ten of it.</summary>
    public static string Write(long bytes)
    {
        (string unit, int shift) = _units.First(u => bytes >> u.Shift >= 10 || u.Shift == 0);
        return string.Create(CultureInfo.InvariantCulture, $"{bytes >> shift} {unit}");
    }
}
