using System.Collections.Frozen;
using Grains.FrontEnd.Requests;

namespace Grains.FrontEnd.Routes;

/// <summary>Words of the API's document: what each parameter and header means.</summary>
internal static class ApiParameters
{
    public static readonly FrozenDictionary<string, string> Path = new Dictionary<string, string>
    {
        ["keyspace"] = "Name of a keyspace: [a-z0-9], then up to 62 of [a-z0-9-].",
        ["key"] = "1 to 1,024 bytes of UTF-8 without control characters, percent-encoded; may hold '/'.",
        ["service"] = "Name of a service: [a-z0-9], then up to 62 of [a-z0-9-].",
        ["node"] = "1 to 512 bytes of UTF-8 without control characters and '/', percent-encoded.",
        ["message"] = "Id of a message, as it was given.",
        ["delivery"] = "Id of a delivery, as it was given.",
        ["timer"] = "Name of a timer: 1 to 64 of letters, digits, '.', '_' and '-', the first no '.' or '-'.",
        ["server"] = "Name of a server, as /v1/cluster lists it.",
        ["code"] = "An error code.",
    }.ToFrozenDictionary();

    public static readonly FrozenDictionary<string, string> Query = new Dictionary<string, string>
    {
        ["ttl"] = "The key lives this long, or the message is forgotten if nobody has taken it so long after its "
            + "time: a duration, 1ms to 3650d.",
        ["prefix"] = "Only names that begin with this.",
        ["start"] = "First key wanted, included.",
        ["end"] = "First key no longer wanted.",
        ["after"] = "Only what comes after this: 'next' of the page before.",
        ["limit"] = "1 to 1,000; 100 where absent.",
        ["values"] = "true = with values.",
        ["read"] = "How fresh: linearizable (where nothing is said), session (with 'at') or stale.",
        ["at"] = "With read=session: a position; the answer has seen everything up to it. Of a message: not before "
            + "then, RFC 3339.",
        ["wait"] = "Maximum wait: a duration, 0s to 60s.",
        ["delay"] = "Not before so long from now: a duration, 0s to 365d.",
    }.ToFrozenDictionary();

    public static readonly FrozenDictionary<string, string> Headers = new Dictionary<string, string>
    {
        ["If-Match"] = "* or versions (\"42\", \"43\"): only if it exists, or has one of them.",
        ["If-None-Match"] = "* or versions, weak or strong: only if it does not exist, or has none of them; of a "
            + "read, else 304.",
        ["Content-Type"] = "Kept with the content.",
        ["Idempotency-Key"] = "1 to 255 visible ASCII characters: the same key and request are accepted once.",
        ["Grains-Type"] = "The message's type, up to 255 characters.",
        ["Grains-Hops"] = "As a push brought it: the message follows from that one. A value that no service has "
            + "sealed is as none.",
        ["traceparent"] = "W3C trace context, kept with the message; 'tracestate', 'ce-*' and 'Grains-Header-*' are "
            + "kept too.",
        ["Prefer"] = "RFC 7240: wait=30 waits so many seconds, 60 at the most, for the reply.",
        ["Preference-Applied"] = "wait: the answer is what came of the message within that time.",
        ["Grains-Message"] = "The message's id.",
        ["ETag"] = "The version: a decimal number in quotes.",
        ["Grains-Position"] = "Partition and how far: opaque.",
        ["Grains-Read"] = "How fresh the answer is: linearizable, session or stale.",
        ["Grains-Expires-At"] = "When the key's time to live ends; RFC 3339.",
        ["Grains-Repeated"] = "true = this is the answer of an earlier, equal request.",
        ["Content-Disposition"] = "The name for the file: cluster and time.",
        ["Retry-After"] = "Seconds after which a repeat has a chance.",
    }.ToFrozenDictionary();
}
