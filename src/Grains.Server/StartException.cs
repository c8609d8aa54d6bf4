namespace Grains.Server;

/// <summary>The start ends here for a reason in the world. The message is the line that an operator reads.</summary>
internal sealed class StartException(string message, Exception? cause = null) : Exception(message, cause);
