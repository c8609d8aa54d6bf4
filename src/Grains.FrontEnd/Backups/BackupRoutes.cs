using Grains.Api.Problems;
using Grains.FrontEnd.Problems;
using Grains.FrontEnd.Requests;
using Grains.FrontEnd.Routes;
using Grains.Journal;
using Grains.Operations.Access;
using Grains.Operations.Backups;
using Grains.Operations.Errors;
using Grains.Silo.Backups;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Grains.FrontEnd.Backups;

/// <summary>The whole cluster as one file.</summary>
internal sealed class BackupRoutes(BackupOperations backups) : IRoutes
{
    /// <summary>A backup keeps old data on the disk as long as it lasts: a reader that is slower is cut off.</summary>
    private const int _bytesPerSecondMin = 16 << 10;

    private static readonly TimeSpan _grace = TimeSpan.FromSeconds(30);

    public IEnumerable<ApiRoute> All =>
    [
        new("GET", "/v1/backup", Permission.Admin, "A consistent backup of everything, as a file", BackUpAsync)
        {
            Answers = [new(200, "A backup", MediaType: "application/octet-stream", Headers: "Content-Disposition")],
            Problems = [ProblemCode.BackupRunning, ProblemCode.Unavailable],
        },
    ];

    private async Task BackUpAsync(HttpContext http, Caller caller)
    {
        if (HttpMethods.IsHead(http.Request.Method))
        {
            http.Response.ContentType = "application/octet-stream";
            await Answers.EmptyAsync(http, StatusCodes.Status200OK, backups.Refuse(caller));
            return;
        }

        if (!backups.Begin(caller).TryGet(out RunningBackup? begun, out OperationError? error))
        {
            await ProblemAnswer.WriteAsync(http, error);
            return;
        }

        using RunningBackup backup = begun;
        http.Response.ContentType = "application/octet-stream";
        http.Response.Headers.ContentDisposition = $"attachment; filename=\"{backup.Header.FileName}\"";
        http.Response.Headers.CacheControl = "no-store";
        if (http.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = new MinDataRate(_bytesPerSecondMin, _grace);
        }

        try
        {
            await backup.WriteAsync(http.Response.Body, http.RequestAborted);
        }
        catch (JournalUnavailableException e) when (!http.Response.HasStarted)
        {
            throw new RequestRefusedException(ProblemCode.Unavailable, e.Message);
        }
    }
}
