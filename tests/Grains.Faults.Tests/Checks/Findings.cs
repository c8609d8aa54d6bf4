namespace Grains.Faults.Tests.Checks;

/// <summary>What the checks of one run found.</summary>
/// <param name="Lost">Acknowledged writes and messages that are gone.</param>
/// <param name="Violations">Every broken promise in words, the losses included.</param>
internal sealed record Findings(int Lost, IReadOnlyList<string> Violations)
{
    private const int _shown = 8;

    public void MustBeClean(string context)
    {
        if (Violations.Count > 0)
        {
            Assert.Fail($"{Violations.Count} violations:\n{string.Join('\n', Violations.Take(_shown))}\n\n{context}");
        }
    }
}
