using Grains.Resp.Protocol;
using Grains.Resp.Replies;
using Grains.StateMachines.Codecs;
using Grains.StateMachines.Keyspaces;

namespace Grains.Resp.Commands;

/// <summary>EX, PX, EXAT, PXAT, and what follows each.</summary>
internal static class ExpiryWords
{
    public static string Invalid(string command) => $"ERR invalid expire time in '{command}' command";

    public static bool IsOne(Arguments a, int index) =>
        a.Is(index, "ex") || a.Is(index, "px") || a.Is(index, "exat") || a.Is(index, "pxat");

    /// <param name="a">The command.</param>
    /// <param name="index">Where the word is; what follows is there.</param>
    /// <param name="command">Whose, for what is said.</param>
    /// <param name="expiry">Read.</param>
    /// <param name="error">Why not.</param>
    public static bool TryRead(Arguments a, int index, string command, out KeyExpiry expiry, out string? error)
    {
        bool isAt = a.Is(index, "exat") || a.Is(index, "pxat");
        int unitMs = a.Is(index, "ex") || a.Is(index, "exat") ? 1_000 : 1;
        bool isNumber = SignedNumber.TryParse(a[index + 1], out _);
        bool isValid = TryMs(a[index + 1], unitMs, out long ms) && ms > 0;
        expiry = new KeyExpiry(isAt ? KeyExpiryKind.At : KeyExpiryKind.After, ms);
        error = isValid ? null : isNumber ? Invalid(command) : ErrorWords.NotAnInteger;
        return isValid;
    }

    /// <summary>False: no number, or too far off to be counted in ms.</summary>
    public static bool TryMs(ReadOnlySpan<byte> text, int unitMs, out long ms)
    {
        bool fits = SignedNumber.TryParse(text, out long value) && Math.Abs(value / 2) <= KeyExpiry.MsMax / 2 / unitMs;
        ms = fits ? value * unitMs : 0;
        return fits;
    }
}
