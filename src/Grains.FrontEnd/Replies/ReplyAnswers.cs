using System.Globalization;
using Grains.Api;
using Grains.Api.Json;
using Grains.Api.Nodes;
using Grains.Api.Problems;
using Grains.FrontEnd.Declarations;
using Grains.FrontEnd.Problems;
using Grains.FrontEnd.Requests;
using Grains.FrontEnd.Services;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Nodes;
using Grains.StateMachines.Replies;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Primitives;

namespace Grains.FrontEnd.Replies;

/// <summary>Waits for what comes of a message, and says it to who asked.</summary>
internal sealed class ReplyAnswers(ServiceCalls calls, IHostApplicationLifetime lifetime)
{
    public const string MessageHeader = "Grains-Message";
    public const string AppliedHeader = "Preference-Applied";
    private const string _wait = "wait=";

    /// <summary>
    /// The <c>wait</c> of a <c>Prefer</c> (RFC 7240), in ms, of which at most <see cref="Limits.WaitMs"/> are waited; 0 = none.
    /// Other preferences are passed over, as that document demands.
    /// </summary>
    public static long WaitMs(IHeaderDictionary headers)
    {
        StringValues values = headers["Prefer"];
        foreach (string? value in values)
        {
            foreach (string preference in (value ?? "").Split([',', ';'], StringSplitOptions.TrimEntries))
            {
                if (!preference.StartsWith(_wait, StringComparison.OrdinalIgnoreCase))
                {
                    continue;
                }

                return int.TryParse(preference.AsSpan(_wait.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int seconds)
                    ? Math.Min(seconds * 1_000L, Limits.WaitMs)
                    : throw new RequestRefusedException(ProblemCode.BadHeader,
                        "Prefer: wait= is followed by whole seconds, such as wait=30.");
            }
        }

        return 0;
    }

    /// <summary>Until it is over, the wait is, the caller goes away, or the server is to end.</summary>
    public async Task<ReplyFound> WaitAsync(HttpContext http, ServiceSnapshot service, MessageId message, long waitMs)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, lifetime.ApplicationStopping);
        try
        {
            return await calls.ExecuteAsync<ReplyFound>(
                service,
                message.Partition,
                new GetReply(service.Id, message) { WaitMs = waitMs },
                ProblemCode.MessageNotFound,
                over.Token);
        }
        catch (OperationCanceledException) when (!http.RequestAborted.IsCancellationRequested)
        {
            return new ReplyFound(ReplyStatus.Open);
        }
    }

    public static async Task WriteAsync(HttpContext http, MessageId message, ReplyFound found)
    {
        http.Response.Headers[MessageHeader] = message.ToString();
        switch (found.Status)
        {
            case ReplyStatus.Replied:
                await WriteAsync(http, found.Content!);
                return;
            case ReplyStatus.Finished:
                http.Response.StatusCode = StatusCodes.Status204NoContent;
                return;
            case ReplyStatus.Dead:
                await ProblemAnswer.WriteAsync(http, ProblemCode.DeadLetter, found.Reason ?? "It was given up.");
                return;
            default:
                await Answers.JsonAsync(http, StatusCodes.Status202Accepted,
                    new ReplyPending { Id = message.ToString(), Status = "open" }, WireJson.Context.ReplyPending);
                return;
        }
    }

    private static Task WriteAsync(HttpContext http, MessageContent content)
    {
        http.Response.StatusCode = StatusCodes.Status200OK;
        if (content.Type is { } type)
        {
            http.Response.Headers["Grains-Type"] = type;
        }

        foreach (MessageHeader header in content.Headers)
        {
            http.Response.Headers[header.Name] = header.Value;
        }

        return Answers.ContentAsync(http, content.Body, content.ContentType);
    }
}
