using System.Collections.Frozen;

namespace Grains.Api.Problems;

/// <summary>Status, title and page of every <see cref="ErrorCode"/>.</summary>
public static class ErrorCatalog
{
    private static readonly FrozenDictionary<ErrorCode, ErrorDescription> _all = new Dictionary<ErrorCode, ErrorDescription>
    {
        [ErrorCode.BadPath] = new("bad-path", 400, "The path is not usable", false),
        [ErrorCode.BadName] = new("bad-name", 400, "A name in the request breaks a rule", false),
        [ErrorCode.BadId] = new("bad-id", 400, "An id was not given out by this system", false),
        [ErrorCode.BadHeader] = new("bad-header", 400, "A header is not usable", false),
        [ErrorCode.BadParameter] = new("bad-parameter", 400, "A query parameter is not usable", false),
        [ErrorCode.BadJson] = new("bad-json", 400, "The body is not the JSON that was expected", false),
        [ErrorCode.BadField] = new("bad-field", 400, "A member of the body is out of its range", false),
        [ErrorCode.BadBody] = new("bad-body", 400, "The body did not arrive whole", true),
        [ErrorCode.Unauthenticated] = new("unauthenticated", 401, "A valid key is needed", false),
        [ErrorCode.Forbidden] = new("forbidden", 403, "This caller may not do that", false),
        [ErrorCode.RouteNotFound] = new("route-not-found", 404, "There is no such route", false),
        [ErrorCode.KeyspaceNotFound] = new("keyspace-not-found", 404, "There is no such keyspace", false),
        [ErrorCode.KeyNotFound] = new("key-not-found", 404, "There is no such key", false),
        [ErrorCode.ServiceNotFound] = new("service-not-found", 404, "There is no such service", false),
        [ErrorCode.NodeNotFound] = new("node-not-found", 404, "The node was never addressed", false),
        [ErrorCode.StateNotFound] = new("state-not-found", 404, "The node has no state", false),
        [ErrorCode.MessageNotFound] = new("message-not-found", 404, "There is no such message", false),
        [ErrorCode.MethodNotAllowed] = new("method-not-allowed", 405, "The route has no such method", false),
        [ErrorCode.BodyTooSlow] = new("body-too-slow", 408, "The body arrived too slowly", true),
        [ErrorCode.KeyspaceImmutable] = new("keyspace-immutable", 409, "A keyspace keeps its layout", false),
        [ErrorCode.DeliveryGone] = new("delivery-gone", 409, "The delivery has ended", false),
        [ErrorCode.NotHeld] = new("not-held", 409, "The delivery does not hold that message", false),
        [ErrorCode.DeclarationBusy] = new("declaration-busy", 409, "Others keep changing the declaration", true),
        [ErrorCode.VersionMismatch] = new("version-mismatch", 412, "The version is another one", false),
        [ErrorCode.TooLarge] = new("too-large", 413, "Something is over its limit", false),
        [ErrorCode.UnsupportedMediaType] = new("unsupported-media-type", 415, "This route reads application/json", false),
        [ErrorCode.IdempotencyMismatch] = new("idempotency-mismatch", 422, "The key stands for another request", false),
        [ErrorCode.CrossPartition] = new("cross-partition", 422, "The key does not live with the node", false),
        [ErrorCode.MailboxFull] = new("mailbox-full", 429, "The node's mailbox is at its limit", true),
        [ErrorCode.Overloaded] = new("overloaded", 429, "The partition has too much to do", true),
        [ErrorCode.Internal] = new("internal", 500, "A fault in the server", false),
        [ErrorCode.NotStored] = new("not-stored", 503, "The journal refused the record", true),
        [ErrorCode.Unavailable] = new("unavailable", 503, "The partition gave no answer in time", true),
        [ErrorCode.CommandTooOld] = new("command-too-old", 503, "The command came too late to be told from a repeat", true),
        [ErrorCode.PartitionFull] = new("partition-full", 507, "The partition's byte budget is used up", true),
    }.ToFrozenDictionary();

    private static readonly FrozenDictionary<string, ErrorDescription> _byCode =
        _all.Values.ToFrozenDictionary(d => d.Code, StringComparer.Ordinal);

    public static IEnumerable<KeyValuePair<ErrorCode, ErrorDescription>> All => _all;

    public static ErrorDescription Describe(ErrorCode code) => _all[code];

    public static bool IsCode(string code) => _byCode.ContainsKey(code);

    /// <summary>The page of a code: Markdown, UTF-8; null where there is none.</summary>
    public static byte[]? ReadPage(string code)
    {
        using Stream? stream = typeof(ErrorCatalog).Assembly.GetManifestResourceStream($"errors/{code}.md");
        if (stream is null)
        {
            return null;
        }

        var page = new byte[stream.Length];
        stream.ReadExactly(page);
        return page;
    }

    /// <summary>The codes that have a page.</summary>
    public static IEnumerable<string> PageCodes() => typeof(ErrorCatalog).Assembly.GetManifestResourceNames()
        .Where(n => n.StartsWith("errors/", StringComparison.Ordinal))
        .Select(n => Path.GetFileNameWithoutExtension(n));
}
