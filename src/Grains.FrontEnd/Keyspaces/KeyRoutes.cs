using Grains.Api;
using Grains.Api.Keyspaces;
using Grains.Api.Problems;
using Grains.FrontEnd.Paths;
using Grains.FrontEnd.Problems;
using Grains.FrontEnd.Requests;
using Grains.FrontEnd.Routes;
using Grains.Operations.Access;
using Grains.Operations.Errors;
using Grains.Operations.Keyspaces;
using Grains.Operations.Paging;
using Grains.Operations.Syntax;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;
using Microsoft.AspNetCore.Http;

namespace Grains.FrontEnd.Keyspaces;

/// <summary>Keys: put, get, delete, increment, list.</summary>
internal sealed class KeyRoutes(KeyOperations keys) : IRoutes
{
    private const string _one = "/v1/keyspaces/{keyspace}/keys/{key}";

    public IEnumerable<ApiRoute> All =>
    [
        new("PUT", _one, Permission.Write, "Sets a key", PutAsync)
        {
            IsFrequent = true,
            RawBody = true,
            Query = ["ttl"],
            Headers = ["If-Match", "If-None-Match", "Content-Type"],
            Answers =
            [
                new(201, "Created", Headers: ["ETag", "Grains-Position"]),
                new(200, "Replaced", Headers: ["ETag", "Grains-Position"]),
            ],
            Problems = [ProblemCode.KeyspaceNotFound, ProblemCode.VersionMismatch, ProblemCode.PartitionFull],
        },
        new("GET", _one, Permission.Read, "Reads a key", GetAsync)
        {
            IsFrequent = true,
            Query = [ReadParameters.Read, ReadParameters.Since],
            Headers = ["If-Match", "If-None-Match"],
            Answers =
            [
                new(
                    200, "The value", MediaType: "*/*",
                    Headers: ["ETag", "Grains-Position", "Grains-Expires-At", ReadParameters.Header]),
                new(304, "The caller has this version", Headers: ["ETag", "Grains-Position", ReadParameters.Header]),
            ],
            Problems =
            [
                ProblemCode.KeyspaceNotFound, ProblemCode.KeyNotFound, ProblemCode.VersionMismatch,
                ProblemCode.HistoryChanged
            ],
        },
        new("HEAD", _one, Permission.Read, "Reads a key without its value", GetAsync)
        {
            Query = [ReadParameters.Read, ReadParameters.Since],
            Headers = ["If-Match", "If-None-Match"],
            Answers =
            [
                new(200, "It exists", Headers: ["ETag", "Grains-Position", "Grains-Expires-At", ReadParameters.Header]),
                new(304, "The caller has this version", Headers: ["ETag", "Grains-Position", ReadParameters.Header]),
            ],
            Problems =
            [
                ProblemCode.KeyspaceNotFound, ProblemCode.KeyNotFound, ProblemCode.VersionMismatch,
                ProblemCode.HistoryChanged
            ],
        },
        new("DELETE", _one, Permission.Write, "Deletes a key", DeleteAsync)
        {
            Headers = ["If-Match", "If-None-Match"],
            Answers = [new(204, "Deleted", Headers: ["Grains-Position"])],
            Problems = [ProblemCode.KeyspaceNotFound, ProblemCode.KeyNotFound, ProblemCode.VersionMismatch],
        },
        new("POST", _one + ":increment", Permission.Write, "Adds to a key's integer value", IncrementAsync)
        {
            Body = typeof(IncrementRequest),
            Answers = [new(200, "The sum", typeof(IncrementResult), Headers: ["ETag", "Grains-Position"])],
            Problems = [ProblemCode.KeyspaceNotFound, ProblemCode.NotANumber, ProblemCode.PartitionFull],
        },
        new("GET", "/v1/keyspaces/{keyspace}/keys", Permission.Read, "Lists keys in bytewise order", ListAsync)
        {
            Query = ["prefix", "start", "end", "after", "limit", "values", ReadParameters.Read, ReadParameters.Since],
            Answers = [new(200, "A page", typeof(KeyList), Headers: ReadParameters.Header)],
            Problems = [ProblemCode.KeyspaceNotFound, ProblemCode.HistoryChanged],
        },
    ];

    private async Task PutAsync(HttpContext http, Caller caller)
    {
        Utf8Name key = KeyOf(http);
        Condition condition = Conditions.OfWrite(http);
        string? contentType = RequestHeaders.ContentType(http);
        long ttlMs = http.Request.QueryString.HasValue ? Query.Of(http, "ttl").TtlMs() : 0;
        byte[] value = await RequestBody.ReadAsync(http, Limits.ContentBytes);
        Result<Placed<KeyWritten>> result = await keys.PutAsync(
            caller, KeyspaceOf(http), new KeyPut(key, value, contentType, condition, ttlMs));
        if (!result.TryGet(out Placed<KeyWritten> written, out OperationError? error))
        {
            await ProblemAnswer.WriteAsync(http, error);
            return;
        }

        http.Response.StatusCode = written.Answer.Created ? StatusCodes.Status201Created : StatusCodes.Status200OK;
        http.Response.ContentLength = 0;
        Answers.SetVersion(http, written.Answer.Version);
        Answers.SetPosition(http, written.Position);
    }

    private async Task GetAsync(HttpContext http, Caller caller)
    {
        Utf8Name key = KeyOf(http);
        RequestedConsistency consistency = ReadParameters.Of(http);
        Preconditions conditions = Conditions.Read(http);
        Result<Placed<KeyFound>> result = await keys.GetAsync(caller, KeyspaceOf(http), key, consistency);
        if (!result.TryGet(out Placed<KeyFound> found, out OperationError? error))
        {
            await ProblemAnswer.WriteAsync(http, error);
            return;
        }

        KeyView entry = found.Answer.Entry;
        Answers.SetVersion(http, entry.Version);
        Answers.SetPosition(http, found.Position);
        if (conditions.EndsIn(http, entry.Version))
        {
            return;
        }

        if (entry.ExpiresAtMs > 0)
        {
            http.Response.Headers["Grains-Expires-At"] = Rfc3339.Write(entry.ExpiresAtMs);
        }

        await Answers.ContentAsync(http, entry.Value, entry.ContentType);
    }

    private async Task DeleteAsync(HttpContext http, Caller caller)
    {
        Utf8Name key = KeyOf(http);
        Condition condition = Conditions.OfWrite(http);
        Result<Placed<KeyWritten>> result = await keys.DeleteAsync(caller, KeyspaceOf(http), key, condition);
        if (!result.TryGet(out Placed<KeyWritten> deleted, out OperationError? error))
        {
            await ProblemAnswer.WriteAsync(http, Preconditions.OfDelete(error, ProblemCode.KeyNotFound, "key"));
            return;
        }

        http.Response.StatusCode = StatusCodes.Status204NoContent;
        Answers.SetPosition(http, deleted.Position);
    }

    private async Task IncrementAsync(HttpContext http, Caller caller)
    {
        Utf8Name key = PathNames.Key(RequestPath.Of(http).FromBeforeVerb(4));
        IncrementRequest request = await JsonBody.ReadAsync(http, WireJson.Context.IncrementRequest);
        Result<Placed<KeyChanged>> answer = await keys.IncrementAsync(caller, KeyspaceOf(http), key, request);
        if (!answer.TryGet(out Placed<KeyChanged> changed, out OperationError? error))
        {
            await ProblemAnswer.WriteAsync(http, error);
            return;
        }

        KeyResult result = changed.Answer.Result;
        Answers.SetVersion(http, result.Written);
        Answers.SetPosition(http, changed.Position);
        var sum = new IncrementResult { Value = result.Number, Version = result.Written.Value };
        await Answers.JsonAsync(http, StatusCodes.Status200OK, sum, WireJson.Context.IncrementResult);
    }

    private async Task ListAsync(HttpContext http, Caller caller)
    {
        if (RequestPath.Of(http).EndsWithSlash)
        {
            throw RequestPath.Refuse("The key is empty; to list keys, leave out the last '/'.");
        }

        Query query = Query.Of(
            http, "prefix", "start", "end", "after", "limit", "values", ReadParameters.Read, ReadParameters.Since);
        var range = new KeyRange
        {
            Consistency = ReadParameters.Of(http, query),
            Prefix = query.Name("prefix"),
            Start = query.Name("start"),
            End = query.Name("end"),
            After = query.Name("after"),
            Limit = query.Limit(),
            WithValues = query.Flag("values"),
        };
        Result<MergedPage<KeyView>> result = await keys.ListAsync(
            caller, KeyspaceOf(http).ToString(), range, http.RequestAborted);
        if (!result.TryGet(out MergedPage<KeyView>? page, out OperationError? error))
        {
            await ProblemAnswer.WriteAsync(http, error);
            return;
        }

        await Answers.JsonAsync(
            http, StatusCodes.Status200OK, Document(page, range.WithValues), WireJson.Context.KeyList);
    }

    private static KeyList Document(MergedPage<KeyView> page, bool withValues) => new()
    {
        Keys = [.. page.Entries.Select(e => new KeyEntry
        {
            Key = e.Key.ToString(),
            Version = e.Version.Value,
            Created = e.Created.Value,
            Size = e.ValueBytes,
            ContentType = e.ContentType,
            ExpiresAt = e.ExpiresAtMs > 0 ? Rfc3339.Write(e.ExpiresAtMs) : null,
            Value = withValues ? e.Value : null,
        })],
        Next = page.More ? page.Entries[^1].Key.ToString() : null,
    };

    private static Utf8Name KeyOf(HttpContext http) => PathNames.Key(RequestPath.Of(http).From(4));

    private static ReadOnlySpan<char> KeyspaceOf(HttpContext http) => RequestPath.Of(http).Segment(2);
}
