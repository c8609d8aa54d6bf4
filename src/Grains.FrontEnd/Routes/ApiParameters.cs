using System.Collections.Frozen;

namespace Grains.FrontEnd.Routes;

/// <summary>Words of the API's document: what each parameter and header means.</summary>
internal static class ApiParameters
{
    public static readonly FrozenDictionary<string, string> Path = new Dictionary<string, string>
    {
        ["keyspace"] = "Name of a keyspace: [a-z0-9], then up to 62 of [a-z0-9-].",
        ["key"] = "1 to 1,024 bytes of UTF-8 without control characters, percent-encoded; may contain '/'.",
        ["service"] = "Name of a service: [a-z0-9], then up to 62 of [a-z0-9-].",
        ["node"] = "1 to 512 bytes of UTF-8 without control characters or '/', percent-encoded.",
        ["message"] = "Id of a message, as it was given.",
        ["delivery"] = "Id of a delivery, as it was given.",
        ["timer"] = "Name of a timer: 1 to 64 letters, digits, '.', '_' and '-', not beginning with '.' or '-'.",
        ["server"] = "Name of a server, as listed by /v1/cluster.",
        ["code"] = "An error code.",
    }.ToFrozenDictionary();

    public static readonly FrozenDictionary<string, string> Query = new Dictionary<string, string>
    {
        ["ttl"] = "Time to live of the key; or the message expires if no worker has received it this long after "
            + "it was accepted, or due: a duration, 1ms to 3650d.",
        ["prefix"] = "Only names that begin with this.",
        ["start"] = "Start of the range, inclusive.",
        ["end"] = "End of the range, exclusive.",
        ["after"] = "Only what comes after this: 'next' of the previous page.",
        ["limit"] = "1 to 1,000; default 100.",
        ["values"] = "true = with values.",
        ["read"] = "Consistency: linearizable (the default), session (with 'at') or stale.",
        ["at"] = "With read=session: a position; the answer reflects everything up to it. For a message: not "
            + "delivered before this time, RFC 3339.",
        ["wait"] = "Maximum wait: a duration, 0s to 60s.",
        ["delay"] = "Time until the message is due: a duration, 0s to 365d.",
    }.ToFrozenDictionary();

    public static readonly FrozenDictionary<string, string> Headers = new Dictionary<string, string>
    {
        ["If-Match"] = "* or versions (\"42\", \"43\"): only if it exists, or has one of them.",
        ["If-None-Match"] = "* or versions, weak or strong: only if it does not exist, or has none of them; "
            + "a read is 304 otherwise.",
        ["Content-Type"] = "Stored with the content.",
        ["Idempotency-Key"] = "1 to 255 visible ASCII characters: the same key and request are accepted once.",
        ["Grains-Type"] = "The message's type, up to 255 characters.",
        ["Grains-Hops"] = "As a push request brought it: the message is a follow-up of that request. A value that no "
            + "service has sealed is ignored.",
        ["traceparent"] = "W3C trace context, kept with the message; 'tracestate', 'ce-*' and 'Grains-Header-*' are "
            + "kept too.",
        ["Prefer"] = "RFC 7240: wait=30 waits that many seconds, at most 60, for the reply.",
        ["Preference-Applied"] = "wait: the answer is the message's outcome within that time.",
        ["Grains-Message"] = "The message's id.",
        ["ETag"] = "The version: a decimal number in quotes.",
        ["Grains-Position"] = "Opaque: a partition and a point in its history.",
        ["Grains-Read"] = "Consistency of the answer: linearizable, session or stale.",
        ["Grains-Expires-At"] = "When the key expires; RFC 3339.",
        ["Grains-Repeated"] = "true = this is the answer to an earlier, identical request.",
        ["Content-Disposition"] = "The file name: cluster and time.",
        ["Retry-After"] = "Seconds to wait before a retry.",
    }.ToFrozenDictionary();
}
