using System.Net;
using Grains.Operations.Access;
using Grains.Silo.Telemetry;
using Microsoft.Extensions.Logging;

namespace Grains.Resp.Sessions;

/// <summary>
/// Says who was not let in, and who emptied a database. What strangers can cause without end is said at a bounded pace.
/// </summary>
internal sealed partial class RespAudit(TimeProvider time, ILogger<RespAudit> log) : IRefusalLog
{
    private const int _burst = 10;

    private readonly LogPace _pace = new(time, _burst);

    /// <summary>Somebody gave a key that is none.</summary>
    public void Refused(IPEndPoint? from)
    {
        KeyGuesses.CountRefused(isKnown: false);
        if (_pace.MayWrite(out long unsaid))
        {
            LogRefused(log, from, unsaid);
        }
    }

    public void SumUp()
    {
        if (_pace.MaySumUp(out long unsaid))
        {
            LogUnsaid(log, unsaid);
        }
    }

    public void Flushed(Session session, string? key, string what, string outcome) =>
        LogFlushed(log, LogText.Of(key ?? "no key"), session.From, what, LogText.Of(outcome));
}
