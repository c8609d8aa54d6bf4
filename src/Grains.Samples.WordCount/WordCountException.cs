namespace Grains.Samples.WordCount;

/// <summary>The run cannot go on; the message says why and what can be done.</summary>
internal sealed class WordCountException(string message) : Exception(message);
