namespace Grains.Silo.Loops;

/// <summary>Where an engine without a thread of its own runs, as one of a simulation does.</summary>
/// <param name="Run">Runs something there, soon.</param>
/// <param name="IsHere">The caller is there, and may lead.</param>
internal sealed record EngineLane(Action<Action> Run, Func<bool> IsHere);
