namespace Grains.FrontEnd;

/// <summary>What the front end may be told. Inert: read once, at start.</summary>
public sealed class FrontEndOptions
{
    /// <summary>Without keys, answer under every host name and not only under those of loopback addresses.</summary>
    public bool Insecure { get; set; }

    /// <summary>Connections at once; null = as the memory of the process allows.</summary>
    public int? ConnectionsMax { get; set; }

    /// <summary>Requests a second of one key, or without keys of one address; null = as many as come.</summary>
    public int? RequestsPerSecondMax { get; set; }
}
