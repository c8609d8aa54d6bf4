using System.Diagnostics.Metrics;
using Grains.Api;
using Grains.Api.Keyspaces;
using Grains.Api.Problems;
using Grains.FrontEnd.Access;
using Grains.FrontEnd.Paths;
using Grains.FrontEnd.Problems;
using Grains.FrontEnd.Rates;
using Grains.FrontEnd.Requests;
using Grains.FrontEnd.Routes;
using Grains.Operations.Access;
using Grains.Operations.Declarations;
using Grains.Operations.Errors;
using Grains.Operations.Keyspaces;
using Grains.Operations.Syntax;
using Grains.Silo.Telemetry;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;
using Microsoft.AspNetCore.Http;

namespace Grains.FrontEnd.Keyspaces;

/// <summary>Many keys in one request: a line each, and an outcome for each.</summary>
internal sealed class KeyBatchRoutes(
    KeyspaceOperations keyspaces, KeyBatchOperations batches, CallerRates rates, AccessAudit audit, TimeProvider time)
    : IRoutes
{
    /// <summary>What these bring is held until the reader has taken it, each up to the longest value.</summary>
    private const int _readsAtOnceMax = 64;

    private static readonly Histogram<int> _lines = GrainsMeter.Instance.CreateHistogram<int>(
        "grains.keys.batch.lines", null, "Lines of one batch of keys.");

    private static readonly Counter<long> _refused = GrainsMeter.Instance.CreateCounter<long>(
        "grains.keys.batch.refused", null, "Lines of batches of keys that were refused, by code.");

    public IEnumerable<ApiRoute> All =>
    [
        new("POST", "/v1/keyspaces/{keyspace}/keys:batch", Permission.Read,
            "Puts, gets, deletes and increments keys, one per line; lines that change a key need permission 'write'",
            BatchAsync)
        {
            Body = typeof(KeyBatchLine),
            BodyMediaType = ApiMedia.Lines,
            Answers = [new(200, "One outcome per line, in order", typeof(KeyBatchOutcome), ApiMedia.Lines)],
            Problems =
            [
                ProblemCode.KeyspaceNotFound, ProblemCode.KeyNotFound, ProblemCode.VersionMismatch,
                ProblemCode.NotANumber, ProblemCode.PartitionFull,
            ],
        },
    ];

    private async Task BatchAsync(HttpContext http, Caller caller)
    {
        Result<KeyspaceSnapshot> found = await keyspaces.GetAsync(caller, RequestPath.Of(http).Segment(2));
        if (!found.TryGet(out KeyspaceSnapshot? keyspace, out OperationError? error))
        {
            await ProblemAnswer.WriteAsync(http, error);
            return;
        }

        LineOf[] lines = await LinesBody.ReadAsync(http, Limits.BatchBytes, Limits.BatchLines);
        _lines.Record(lines.Length);
        CancellationToken gone = http.RequestAborted;
        using var late = new CancellationTokenSource(TimeSpan.FromMilliseconds(Limits.BatchMs), time);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(gone, late.Token);
        using var answer = new LinesAnswer<KeyBatchOutcome>(http, WireJson.Context.KeyBatchOutcome);
        for (int from = 0; from < lines.Length;)
        {
            List<Result<KeyStep>> steps = Read(caller, keyspace, lines.AsSpan(from), from == 0);
            Result<KeyOutcome>[] outcomes = await batches.RunAsync(caller, keyspace, steps, over.Token);
            gone.ThrowIfCancellationRequested();
            Hold(answer, outcomes);
            for (int i = 0; i < outcomes.Length; i++)
            {
                KeyBatchOutcome document = Document(lines[from + i], steps[i], outcomes[i]);
                Count(http, caller, outcomes[i].Error);
                if (!await answer.AddAsync(document, document.Body?.Length ?? 0))
                {
                    return;
                }
            }

            // Nothing is left behind that a refusal of the rest would have to take back.
            if (!await answer.SendAsync())
            {
                return;
            }

            from += steps.Count;
        }
    }

    /// <summary>As many lines as may be done at once.</summary>
    private List<Result<KeyStep>> Read(
        Caller caller, KeyspaceSnapshot keyspace, ReadOnlySpan<LineOf> lines, bool isFirst)
    {
        var steps = new List<Result<KeyStep>>(lines.Length);
        int reads = 0;
        foreach (LineOf line in lines)
        {
            // The request itself was counted when it was let in.
            bool isCounted = isFirst && steps.Count == 0;
            Result<KeyStep> read = (isCounted ? null : rates.Refuse(caller)) is { } tooOften
                ? tooOften
                : Parse(keyspace, line);
            steps.Add(read);
            if (read.TryGet(out KeyStep? step, out _) && step.Needed == Permission.Read && ++reads == _readsAtOnceMax)
            {
                break;
            }
        }

        return steps;
    }

    private static Result<KeyStep> Parse(KeyspaceSnapshot keyspace, LineOf line)
    {
        if (line.Text.Length > Limits.BatchLineBytes)
        {
            return new OperationError(ProblemCode.TooLarge, $"The line is over {Limits.BatchLineBytes} bytes.")
            {
                Limit = Limits.BatchLineBytes,
            };
        }

        return JsonText.Parse(line.Text.Span, WireJson.Context.KeyBatchLine, line.Number)
            .TryGet(out KeyBatchLine? document, out OperationError? error) ? KeyStep.Parse(keyspace, document) : error;
    }

    /// <summary>What was read is kept until it is sent. What there is no room for is refused, for itself.</summary>
    private static void Hold(LinesAnswer<KeyBatchOutcome> answer, Result<KeyOutcome>[] outcomes)
    {
        foreach (ref Result<KeyOutcome> outcome in outcomes.AsSpan())
        {
            try
            {
                if (outcome.TryGet(out KeyOutcome done, out _) && ValueOf(done) is { } value)
                {
                    answer.Hold(value.Length);
                }
            }
            catch (RequestRefusedException e)
            {
                outcome = e.Error;
            }
        }
    }

    private void Count(HttpContext http, Caller caller, OperationError? error)
    {
        if (error is null)
        {
            return;
        }

        ErrorDescription description = ErrorCatalog.Describe(error.Code);
        _refused.Add(1, new KeyValuePair<string, object?>("code", description.Code));
        if (error.Code == ProblemCode.Forbidden)
        {
            audit.Refused(http, description.Status, caller.Key);
        }
    }

    private static KeyBatchOutcome Document(LineOf line, Result<KeyStep> step, Result<KeyOutcome> outcome)
    {
        int number = line.Number + 1;
        if (!outcome.TryGet(out KeyOutcome done, out OperationError? error))
        {
            Problem problem = ProblemAnswer.Document(error);
            int? retryAfterMs = ProblemAnswer.RetryAfterMs(error, problem.Status);
            return new KeyBatchOutcome
            {
                Line = number,
                Status = problem.Status,
                RetryAfter = retryAfterMs is { } ms ? Durations.Write(ms) : null,
                Problem = problem,
            };
        }

        KeyView? read = (done.Placed.Answer as KeyFound)?.Entry;
        return new KeyBatchOutcome
        {
            Line = number,
            Status = StatusOf(step, done),
            Version = VersionOf(step, done.Placed.Answer)?.Value,
            Position = done.Placed.Position.ToString(),
            Value = (done.Placed.Answer as KeyChanged)?.Result.Number,
            ContentType = done.IsKnown ? null : read?.ContentType,
            ExpiresAt = read is { ExpiresAtMs: > 0 } && !done.IsKnown ? Rfc3339.Write(read.ExpiresAtMs) : null,
            Body = ValueOf(done),
        };
    }

    private static byte[]? ValueOf(KeyOutcome done) =>
        done.IsKnown ? null : (done.Placed.Answer as KeyFound)?.Entry.Value;

    private static int StatusOf(Result<KeyStep> step, KeyOutcome done) => done switch
    {
        { IsKnown: true } => StatusCodes.Status304NotModified,
        _ when IsDelete(step) => StatusCodes.Status204NoContent,
        { Placed.Answer: KeyWritten { Created: true } } => StatusCodes.Status201Created,
        _ => StatusCodes.Status200OK,
    };

    private static Revision? VersionOf(Result<KeyStep> step, Answer answer) => answer switch
    {
        KeyWritten written when !IsDelete(step) => written.Version,
        KeyFound found => found.Entry.Version,
        KeyChanged changed => changed.Result.Written,
        _ => null,
    };

    private static bool IsDelete(Result<KeyStep> step) =>
        step.TryGet(out KeyStep? of, out _) && of.Command is DeleteKey;
}
