namespace Grains.Operations.Access;

/// <summary>Who may do what, through whatever door. Inert: read once, at start.</summary>
public sealed class AccessOptions
{
    /// <summary>Path of a file of keys (see <see cref="Access.KeysFile"/>); null = no keys are asked for.</summary>
    public string? KeysFile { get; set; }
}
