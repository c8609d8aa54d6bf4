using Grains.StateMachines.Ids;

namespace Grains.StateMachines.Outboxes;

/// <summary>Everything up to here was taken from a source.</summary>
internal sealed record Watermark(Place UpTo);
