namespace Grains.Faults.Tests;

/// <summary>A test of a cluster failed; with the ends of what its servers said.</summary>
public sealed class FaultTestException(string message, Exception cause) : Exception(message, cause);
