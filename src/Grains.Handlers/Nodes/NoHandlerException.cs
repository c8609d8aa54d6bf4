namespace Grains.Handlers.Nodes;

/// <summary>No server could run the delivery's handler; none was asked.</summary>
[GenerateSerializer, Alias("grains.no-handler")]
internal sealed class NoHandlerException(string message) : Exception(message);
