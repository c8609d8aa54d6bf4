namespace Grains.Faults.Tests.Nemesis;

/// <summary>How long partitions were gone in the repetitions of one fault.</summary>
internal sealed class FaultFigures(string fault)
{
    public int Times { get; set; }

    /// <summary>Of all repetitions, with what prepared and repaired them.</summary>
    public TimeSpan Took { get; set; }

    /// <summary>Partitions whose owner was hit; all, where it was the database.</summary>
    public Pauses Hit { get; } = new();

    /// <summary>Partitions of the other servers meanwhile.</summary>
    public Pauses Others { get; } = new();

    /// <summary>While the server came back and took its share again.</summary>
    public Pauses Return { get; } = new();

    public string Note { get; set; } = "";

    public override string ToString() =>
        $"{fault} x{Times} in {Took.TotalSeconds:0} s: pause {Hit} (hit)"
        + $"{(Others.Count > 0 ? $", {Others} (others)" : "")}{(Return.Count > 0 ? $", {Return} (return)" : "")}"
        + (Note.Length > 0 ? $"; {Note}" : "");
}
