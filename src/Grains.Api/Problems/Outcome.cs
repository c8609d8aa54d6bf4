namespace Grains.Api.Problems;

/// <summary>What a refused request may have changed.</summary>
public enum Outcome
{
    /// <summary>Certainly nothing.</summary>
    None,

    /// <summary>It may have taken effect, or may yet.</summary>
    Unknown,
}
