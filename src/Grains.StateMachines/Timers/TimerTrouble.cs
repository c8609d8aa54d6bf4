using Grains.StateMachines.Ids;

namespace Grains.StateMachines.Timers;

/// <summary>A timer whose time has come and that cannot fire here, for the log.</summary>
public sealed record TimerTrouble(ServiceId Service, Utf8Name Node, Utf8Name Timer, string Why);
