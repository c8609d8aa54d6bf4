using Grains.Api;
using Grains.Api.Json;
using Grains.Api.Keyspaces;
using Grains.Api.Problems;
using Grains.FrontEnd.Access;
using Grains.FrontEnd.Declarations;
using Grains.FrontEnd.Paths;
using Grains.FrontEnd.Problems;
using Grains.FrontEnd.Requests;
using Grains.FrontEnd.Routes;
using Grains.Silo.Partitions;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;
using Microsoft.AspNetCore.Http;

namespace Grains.FrontEnd.Keyspaces;

/// <summary>Keys: put, get, delete, list.</summary>
internal sealed class KeyRoutes(IPartitions partitions, DeclarationCatalog catalog)
{
    private const string _one = "/v1/keyspaces/{keyspace}/keys/{key}";

    public IEnumerable<ApiRoute> All =>
    [
        new("PUT", _one, Permission.Write, "Sets a key", PutAsync)
        {
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
            Query = [RequestedConsistency.Read, RequestedConsistency.Since],
            Headers = ["If-Match", "If-None-Match"],
            Answers =
            [
                new(200, "The value", MediaType: "*/*", Headers: ["ETag", "Grains-Position", "Grains-Expires-At", RequestedConsistency.Header]),
                new(304, "The caller has this version", Headers: ["ETag", "Grains-Position", RequestedConsistency.Header]),
            ],
            Problems = [ProblemCode.KeyspaceNotFound, ProblemCode.KeyNotFound, ProblemCode.VersionMismatch, ProblemCode.HistoryChanged],
        },
        new("HEAD", _one, Permission.Read, "Reads a key without its value", GetAsync)
        {
            Query = [RequestedConsistency.Read, RequestedConsistency.Since],
            Headers = ["If-Match", "If-None-Match"],
            Answers =
            [
                new(200, "It exists", Headers: ["ETag", "Grains-Position", "Grains-Expires-At", RequestedConsistency.Header]),
                new(304, "The caller has this version", Headers: ["ETag", "Grains-Position", RequestedConsistency.Header]),
            ],
            Problems = [ProblemCode.KeyspaceNotFound, ProblemCode.KeyNotFound, ProblemCode.VersionMismatch, ProblemCode.HistoryChanged],
        },
        new("DELETE", _one, Permission.Write, "Deletes a key", DeleteAsync)
        {
            Headers = ["If-Match", "If-None-Match"],
            Answers = [new(204, "Deleted", Headers: ["Grains-Position"])],
            Problems = [ProblemCode.KeyspaceNotFound, ProblemCode.KeyNotFound, ProblemCode.VersionMismatch],
        },
        new("GET", "/v1/keyspaces/{keyspace}/keys", Permission.Read, "Lists keys in bytewise order", ListAsync)
        {
            Query = ["prefix", "start", "end", "after", "limit", "values", RequestedConsistency.Read, RequestedConsistency.Since],
            Answers = [new(200, "A page", typeof(KeyList), Headers: RequestedConsistency.Header)],
            Problems = [ProblemCode.KeyspaceNotFound, ProblemCode.HistoryChanged],
        },
    ];

    private async Task PutAsync(HttpContext http)
    {
        Utf8Name key = KeyOf(http);
        Condition condition = Conditions.OfWrite(http);
        string? contentType = RequestHeaders.ContentType(http);
        long ttlMs = http.Request.QueryString.HasValue ? Query.Of(http, "ttl").TtlMs() : 0;
        KeyspaceSnapshot keyspace = await FindAsync(http) ?? throw DeclarationCatalog.NoKeyspace();
        byte[] value = await RequestBody.ReadAsync(http, Limits.ContentBytes);

        PartitionId partition = keyspace.PartitionOf(partitions.Slots, key);
        Answer answer = await partitions.ExecuteAsync(
            partition,
            new PutKey
            {
                Keyspace = keyspace.Id,
                Key = key,
                Value = value,
                ContentType = contentType,
                Condition = condition,
                TtlMs = ttlMs,
            },
            CancellationToken.None);
        if (answer is not KeyWritten written)
        {
            await RefuseAsync(http, answer, keyspace);
            return;
        }

        http.Response.StatusCode = written.Created ? StatusCodes.Status201Created : StatusCodes.Status200OK;
        http.Response.ContentLength = 0;
        Answers.SetVersion(http, written.Version);
        Answers.SetPosition(http, partition, written);
    }

    private async Task GetAsync(HttpContext http)
    {
        Utf8Name key = KeyOf(http);
        RequestedConsistency consistency = RequestedConsistency.Of(http, Query.Of(http, RequestedConsistency.Read, RequestedConsistency.Since));
        var condition = Conditions.OfRead.Of(http);
        KeyspaceSnapshot keyspace = await FindAsync(http, consistency.MayBeStale) ?? throw DeclarationCatalog.NoKeyspace();
        PartitionId partition = keyspace.PartitionOf(partitions.Slots, key);
        Answer answer = await partitions.ExecuteAsync(
            partition,
            new GetKey { Keyspace = keyspace.Id, Key = key, Consistency = consistency.For(partition) },
            CancellationToken.None);
        if (answer is not KeyFound { Entry: var entry })
        {
            await RefuseAsync(http, answer, keyspace);
            return;
        }

        Answers.SetVersion(http, entry.Version);
        Answers.SetPosition(http, partition, answer);
        if (condition.EndsIn(http, entry.Version))
        {
            return;
        }

        if (entry.ExpiresAtMs > 0)
        {
            http.Response.Headers["Grains-Expires-At"] = Answers.Time(entry.ExpiresAtMs);
        }

        await Answers.ContentAsync(http, entry.Value, entry.ContentType);
    }

    private async Task DeleteAsync(HttpContext http)
    {
        Utf8Name key = KeyOf(http);
        Condition condition = Conditions.OfWrite(http);
        KeyspaceSnapshot keyspace = await FindAsync(http) ?? throw DeclarationCatalog.NoKeyspace();
        PartitionId partition = keyspace.PartitionOf(partitions.Slots, key);
        Answer answer = await partitions.ExecuteAsync(
            partition,
            new DeleteKey { Keyspace = keyspace.Id, Key = key, Condition = condition },
            CancellationToken.None);
        if (answer is not KeyWritten)
        {
            await RefuseAsync(http, Conditions.OfDelete(answer, "key"), keyspace);
            return;
        }

        http.Response.StatusCode = StatusCodes.Status204NoContent;
        Answers.SetPosition(http, partition, answer);
    }

    private async Task ListAsync(HttpContext http)
    {
        if (RequestPath.Of(http).EndsWithSlash)
        {
            throw RequestPath.Refuse("The key is empty; to list keys, leave out the last '/'.");
        }

        Query query = Query.Of(http, "prefix", "start", "end", "after", "limit", "values", RequestedConsistency.Read, RequestedConsistency.Since);
        RequestedConsistency consistency = RequestedConsistency.Of(http, query);
        Utf8Name prefix = query.Name("prefix");
        Utf8Name start = query.Name("start");
        Utf8Name end = query.Name("end");
        Utf8Name after = query.Name("after");
        int limit = query.Limit();
        bool withValues = query.Flag("values");
        KeyspaceSnapshot keyspace = await FindAsync(http, consistency.MayBeStale) ?? throw DeclarationCatalog.NoKeyspace();
        CancellationToken gone = http.RequestAborted;

        async ValueTask<MergedPage<KeyView>> ReadAsync(PartitionId partition, Utf8Name from, int count)
        {
            Answer answer = await partitions.ExecuteAsync(
                partition,
                new ListKeys
                {
                    Keyspace = keyspace.Id,
                    Prefix = prefix,
                    Start = start,
                    End = end,
                    After = from,
                    Limit = count,
                    KeysOnly = !withValues,
                    Consistency = consistency.For(partition),
                },
                gone);
            return answer is KeyPage page
                ? new MergedPage<KeyView>(page.Entries, page.More)
                : throw Refuse(answer, keyspace);
        }

        var merge = new PageMerge<KeyView>(ReadAsync, e => e.Key, e => e.Value.Length);
        MergedPage<KeyView> merged = await merge.ReadAsync(keyspace.Partitions(partitions.Slots), after, limit, gone);
        await Answers.JsonAsync(http, StatusCodes.Status200OK, Document(merged, withValues), WireJson.Context.KeyList);
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
            ExpiresAt = e.ExpiresAtMs > 0 ? Answers.Time(e.ExpiresAtMs) : null,
            Value = withValues ? e.Value : null,
        })],
        Next = page.More ? page.Entries[^1].Key.ToString() : null,
    };

    private static Utf8Name KeyOf(HttpContext http) => Names.Key(RequestPath.Of(http).From(4));

    private ValueTask<KeyspaceSnapshot?> FindAsync(HttpContext http, bool mayBeOld = false) =>
        catalog.FindKeyspaceAsync(Names.Declared(RequestPath.Of(http).Segment(2), "keyspace"), mayBeOld);

    private Task RefuseAsync(HttpContext http, Answer answer, KeyspaceSnapshot keyspace) =>
        ProblemAnswer.WriteAsync(http, Refuse(answer, keyspace));

    private RequestRefusedException Refuse(Answer answer, KeyspaceSnapshot keyspace)
    {
        if (answer is Refused { Code: Refusal.KeyspaceDeleted })
        {
            catalog.ForgetKeyspace(keyspace.Name);
        }

        return Refusals.ToException(answer, ProblemCode.KeyNotFound);
    }
}
