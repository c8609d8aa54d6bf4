namespace Grains.Checkers.Messages;

/// <summary>The labels of the messages that broke the promise, by how they broke it.</summary>
public sealed record ExactlyOnceResult(
    IReadOnlyList<string> Lost, IReadOnlyList<string> Repeated, IReadOnlyList<string> Invented)
{
    private const int _shown = 5;

    public bool Holds => Lost.Count + Repeated.Count + Invented.Count == 0;

    public override string ToString() => Holds
        ? "every message had its effect once"
        : $"{Say("lost", Lost)}, {Say("repeated", Repeated)}, {Say("invented", Invented)}";

    private static string Say(string what, IReadOnlyList<string> labels) =>
        labels.Count == 0 ? $"0 {what}" : $"{labels.Count} {what} ({string.Join(", ", labels.Take(_shown))}…)";
}
