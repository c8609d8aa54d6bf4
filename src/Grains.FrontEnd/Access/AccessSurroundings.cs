using Microsoft.Extensions.Logging;

namespace Grains.FrontEnd.Access;

/// <summary>The clock, and where to say something.</summary>
internal sealed record AccessSurroundings(TimeProvider Time, ILoggerFactory Logs);
