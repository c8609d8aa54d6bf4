namespace Grains.Samples.WordCount;

/// <summary>The command line cannot be followed; the message says why.</summary>
internal sealed class OptionsException(string message) : Exception(message);
