using System.Globalization;
using Grains.StateMachines.Codecs;

namespace Grains.Operations.Syntax;

/// <summary>
/// Durations as the API writes them: a whole number and a unit, <c>250ms</c>, <c>10s</c>, <c>5m</c>, <c>2h</c>,
/// <c>1d</c>.
/// </summary>
public static class Durations
{
    /// <summary>So many days stay far below 2^63 ms.</summary>
    private const long _countMax = 999_999_999_999;

    private static readonly (string Unit, long Ms)[] _units =
        [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

    public static bool TryParse(ReadOnlySpan<char> text, out long ms)
    {
        foreach ((string unit, long unitMs) in _units)
        {
            if (text.EndsWith(unit, StringComparison.Ordinal)
                && WholeNumber.TryParse(text[..^unit.Length], _countMax, out long count))
            {
                ms = count * unitMs;
                return true;
            }
        }

        ms = 0;
        return false;
    }

    /// <summary>In the largest unit that divides it.</summary>
    public static string Write(long ms)
    {
        for (int at = _units.Length - 1; at > 0; at--)
        {
            if (ms != 0 && ms % _units[at].Ms == 0)
            {
                return (ms / _units[at].Ms).ToString(CultureInfo.InvariantCulture) + _units[at].Unit;
            }
        }

        return ms == 0 ? "0s" : ms.ToString(CultureInfo.InvariantCulture) + "ms";
    }
}
