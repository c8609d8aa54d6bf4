using Grains.Api;

namespace Grains.Handlers.Runs;

/// <summary>What is kept with a dead letter, for people: one line, bounded.</summary>
internal static class Reasons
{
    public static string Of(Exception e) => Fit($"the handler failed with {e.GetType().Name}: {e.Message}");

    public static string Fit(string text)
    {
        string line = string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));
        return line.Length <= Limits.ReasonChars ? line : line[..(Limits.ReasonChars - 1)] + "…";
    }
}
