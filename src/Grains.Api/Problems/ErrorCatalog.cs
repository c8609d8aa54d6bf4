using System.Collections.Frozen;

namespace Grains.Api.Problems;

/// <summary>Status, title and page of every <see cref="ProblemCode"/>.</summary>
public static class ErrorCatalog
{
    private static readonly FrozenDictionary<ProblemCode, ErrorDescription> _all =
        new Dictionary<ProblemCode, ErrorDescription>
    {
        [ProblemCode.BadPath] = new("bad-path", 400, "The path is invalid", false),
        [ProblemCode.BadName] = new("bad-name", 400, "A name in the request is invalid", false),
        [ProblemCode.BadId] = new("bad-id", 400, "An id is invalid", false),
        [ProblemCode.BadHeader] = new("bad-header", 400, "A header is invalid", false),
        [ProblemCode.BadParameter] = new("bad-parameter", 400, "A query parameter is invalid", false),
        [ProblemCode.BadJson] = new("bad-json", 400, "The body is not the expected JSON", false),
        [ProblemCode.BadField] = new("bad-field", 400, "A member of the body is out of range", false),
        [ProblemCode.BadBody] = new("bad-body", 400, "The body is truncated or malformed", true),
        [ProblemCode.Unauthenticated] = new("unauthenticated", 401, "A valid key is required", false),
        [ProblemCode.Forbidden] = new("forbidden", 403, "This caller is not allowed to do that", false),
        [ProblemCode.RouteNotFound] = new("route-not-found", 404, "There is no such route", false),
        [ProblemCode.KeyspaceNotFound] = new("keyspace-not-found", 404, "There is no such keyspace", false),
        [ProblemCode.KeyNotFound] = new("key-not-found", 404, "There is no such key", false),
        [ProblemCode.ServiceNotFound] = new("service-not-found", 404, "There is no such service", false),
        [ProblemCode.NodeNotFound] = new(
            "node-not-found", 404, "There is no such node: it was never sent anything, or no longer exists", false),
        [ProblemCode.SecretNotFound] = new("secret-not-found", 404, "The service has no secret", false),
        [ProblemCode.StateNotFound] = new("state-not-found", 404, "The node has no state", false),
        [ProblemCode.MessageNotFound] = new("message-not-found", 404, "There is no such message", false),
        [ProblemCode.TimerNotFound] = new("timer-not-found", 404, "The node has no such timer", false),
        [ProblemCode.ServerNotFound] = new("server-not-found", 404, "There is no such server", false),
        [ProblemCode.MethodNotAllowed] = new("method-not-allowed", 405, "The route has no such method", false),
        [ProblemCode.BodyTooSlow] = new("body-too-slow", 408, "The body arrived too slowly", true),
        [ProblemCode.KeyspaceImmutable] = new("keyspace-immutable", 409, "A keyspace's layout cannot change", false),
        [ProblemCode.NotANumber] = new("not-a-number", 409, "The value cannot be incremented", false),
        [ProblemCode.DeliveryGone] = new("delivery-gone", 409, "The delivery has ended", false),
        [ProblemCode.NotHeld] = new("not-held", 409, "The delivery does not hold that message", false),
        [ProblemCode.MessageDelivered] = new("message-delivered", 409, "The message is being handled", true),
        [ProblemCode.DeclarationBusy] = new("declaration-busy", 409, "The declaration keeps changing", true),
        [ProblemCode.FormatNotKnown] = new("format-not-known", 409, "Some server cannot read that format", true),
        [ProblemCode.FormatTooOld] = new("format-too-old", 409, "The cluster's format level is too low", false),
        [ProblemCode.BackupRunning] = new("backup-running", 409, "This server is already sending a backup", true),
        [ProblemCode.HistoryChanged] = new(
            "history-changed", 410, "A restore replaced the history of that position", false),
        [ProblemCode.MessageDropped] = new("message-dropped", 410, "The message will not be handled", false),
        [ProblemCode.VersionMismatch] = new("version-mismatch", 412, "The version does not match", false),
        [ProblemCode.TooLarge] = new("too-large", 413, "A limit is exceeded", false),
        [ProblemCode.UnsupportedMediaType] = new(
            "unsupported-media-type", 415, "This route reads application/json", false),
        [ProblemCode.IdempotencyMismatch] = new(
            "idempotency-mismatch", 422, "The idempotency key was used for another request", false),
        [ProblemCode.CrossPartition] = new("cross-partition", 422, "The key is not in the node's partition", false),
        [ProblemCode.MailboxFull] = new("mailbox-full", 429, "The node's mailbox is at its limit", true),
        [ProblemCode.Overloaded] = new("overloaded", 429, "Too much load", true),
        [ProblemCode.RateLimited] = new("rate-limited", 429, "The caller sends too many requests", true),
        [ProblemCode.Internal] = new("internal", 500, "Internal server error", false),
        [ProblemCode.DeadLetter] = new(
            "dead-letter", 502, "The message became a dead letter", false),
        [ProblemCode.NotStored] = new("not-stored", 503, "The journal refused the record", true),
        [ProblemCode.Unavailable] = new("unavailable", 503, "The partition did not answer in time", true),
        [ProblemCode.CommandTooOld] = new(
            "command-too-old", 503, "The command arrived too late to rule out a repeat", true),
        [ProblemCode.PartitionFull] = new("partition-full", 507, "The partition's byte budget is used up", true),
    }.ToFrozenDictionary();

    private static readonly FrozenDictionary<string, ErrorDescription> _byCode =
        _all.Values.ToFrozenDictionary(d => d.Code, StringComparer.Ordinal);

    /// <summary>Every reason, with what goes with it.</summary>
    public static IEnumerable<KeyValuePair<ProblemCode, ErrorDescription>> All => _all;

    /// <summary>Code, status and title of a reason.</summary>
    public static ErrorDescription Describe(ProblemCode code) => _all[code];

    /// <summary>It is the code of some reason.</summary>
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
