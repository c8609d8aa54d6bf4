namespace Grains.Silo.Tls;

/// <summary>The certificates cannot be used. The message says which file, what is wrong, and what to do.</summary>
public sealed class TlsFileException(string message, Exception? cause = null) : Exception(message, cause);
