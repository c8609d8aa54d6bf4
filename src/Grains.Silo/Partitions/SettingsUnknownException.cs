namespace Grains.Silo.Partitions;

/// <summary>This server has just begun: it cannot say yet which partition has what.</summary>
public sealed class SettingsUnknownException()
    : Exception(
        "This server has not read the settings of its cluster yet: it starts. Nothing was changed; repeat the "
        + "request.");
