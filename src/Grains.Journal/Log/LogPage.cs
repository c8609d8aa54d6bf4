using Grains.StateMachines.Ids;

namespace Grains.Journal.Log;

/// <summary>A few records to read, and what ends them.</summary>
/// <param name="Before">The record just before the first of them.</param>
/// <param name="Entries">In order; few enough to be read at once.</param>
/// <param name="Damage">Met after the last of them.</param>
/// <param name="Oldest">Set if the reader asked for something below it.</param>
internal readonly record struct LogPage(
    JournalTail Before, IReadOnlyList<LogEntry> Entries, LogDamage? Damage, Revision? Oldest = null);
