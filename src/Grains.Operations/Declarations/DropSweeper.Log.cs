using Microsoft.Extensions.Logging;

namespace Grains.Operations.Declarations;

public sealed partial class DropSweeper
{
    [LoggerMessage(1101, LogLevel.Information, "Everything of the deleted {Kind}/{Name} (id {Id}) is forgotten.")]
    private static partial void LogDropped(ILogger log, Kind kind, string name, long id);

    [LoggerMessage(1102, LogLevel.Warning, "Forgetting what was deleted made no progress; it goes on in {Pause}.")]
    private static partial void LogTrouble(ILogger log, Exception trouble, TimeSpan pause);
}
