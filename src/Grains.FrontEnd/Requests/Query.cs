using System.Text;
using System.Text.Unicode;
using Grains.Api;
using Grains.Api.Problems;
using Grains.FrontEnd.Problems;
using Grains.Operations.Syntax;
using Grains.StateMachines.Clocks;
using Grains.StateMachines.Codecs;
using Grains.StateMachines.Ids;
using Microsoft.AspNetCore.Http;

namespace Grains.FrontEnd.Requests;

/// <summary>
/// Query parameters, strictly: only known ones, each once, valid UTF-8 after decoding; <c>+</c> is a space, as
/// browsers and most libraries write it. Refusals are <see cref="ProblemCode.BadParameter"/>.
/// </summary>
internal sealed class Query
{
    private static readonly Query _empty = new([]);

    private readonly List<KeyValuePair<string, byte[]>> _values;

    private Query(List<KeyValuePair<string, byte[]>> values) => _values = values;

    /// <param name="known">Names that this route takes.</param>
    public static Query Of(HttpContext http, params ReadOnlySpan<string> known)
    {
        string? text = http.Request.QueryString.Value;
        if (string.IsNullOrEmpty(text) || text.Length == 1)
        {
            return _empty;
        }

        var values = new List<KeyValuePair<string, byte[]>>();
        ReadOnlySpan<char> query = text.AsSpan(1);
        foreach (Range range in query.Split('&'))
        {
            ReadOnlySpan<char> pair = query[range];
            if (pair.Length == 0)
            {
                continue;
            }

            int equals = pair.IndexOf('=');
            string name = Find(equals < 0 ? pair : pair[..equals], known);
            if (values.Exists(v => v.Key == name))
            {
                throw Refuse($"'{name}' is given twice.");
            }

            values.Add(new(name, Decode(equals < 0 ? default : pair[(equals + 1)..], name)));
        }

        return new Query(values);
    }

    public string? Text(string name) => Bytes(name) is { } bytes ? Encoding.UTF8.GetString(bytes) : null;

    public Utf8Name Name(string name)
    {
        byte[] bytes = Bytes(name) ?? [];
        return bytes.Length <= Limits.KeyBytes
            ? new Utf8Name(bytes)
            : throw Refuse($"'{name}' is longer than {Limits.KeyBytes} bytes.");
    }

    public int Limit()
    {
        if (Text("limit") is not { } text)
        {
            return Limits.PageEntriesDefault;
        }

        return WholeNumber.TryParse(text, Limits.PageEntries, out int limit) && limit >= 1
                ? limit
                : throw Refuse($"'limit' must be a whole number from 1 to {Limits.PageEntries}.");
    }

    public bool Flag(string name) => Text(name) switch
    {
        null or "false" => false,
        "true" => true,
        _ => throw Refuse($"'{name}' must be true or false."),
    };

    /// <summary>0 = absent.</summary>
    public long TtlMs()
    {
        if (Text("ttl") is not { } text)
        {
            return 0;
        }

        return Durations.TryParse(text, out long ms) && ms is >= 1 and <= Limits.TtlMs
            ? ms
            : throw Refuse("'ttl' must be a duration such as 250ms, 10s, 5m, 2h or 1d, from 1ms to 3650d.");
    }

    /// <summary>0 = absent.</summary>
    public long DurationMs(string name, long maxMs)
    {
        if (Text(name) is not { } text)
        {
            return 0;
        }

        return Durations.TryParse(text, out long ms) && ms >= 0 && ms <= maxMs
            ? ms
            : throw Refuse($"'{name}' must be a duration from 0s to {Durations.Write(maxMs)}, such as 10s.");
    }

    /// <summary><c>delay</c> or <c>at</c>; the default = neither.</summary>
    public Due Due() =>
        DueTimes.Parse(Text("delay"), WithPlus(Text("at")), ProblemCode.BadParameter, "'delay'", "'at'").OrRefuse();

    /// <summary>Null = absent.</summary>
    public MessageId? Message(string name)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        return MessageId.TryParse(text, out MessageId id)
            ? id
            : throw Refuse($"'{name}' is not a message id; take it from 'next' of the page before.");
    }

    /// <summary>In a query an unescaped plus is a space; the one before an offset was meant.</summary>
    private static string? WithPlus(string? time) =>
        time is { Length: > 6 } && time[^6] == ' '
            ? string.Concat(time.AsSpan(0, time.Length - 6), "+", time.AsSpan(time.Length - 5))
            : time;

    private byte[]? Bytes(string name)
    {
        foreach (KeyValuePair<string, byte[]> value in _values)
        {
            if (value.Key == name)
            {
                return value.Value;
            }
        }

        return null;
    }

    private static string Find(ReadOnlySpan<char> name, ReadOnlySpan<string> known)
    {
        foreach (string candidate in known)
        {
            if (name.SequenceEqual(candidate))
            {
                return candidate;
            }
        }

        throw Refuse(known.Length == 0
            ? "This route takes no query parameters."
            : $"This route takes only these query parameters: {string.Join(", ", known!)}.");
    }

    private static byte[] Decode(ReadOnlySpan<char> raw, string name)
    {
        var bytes = new byte[raw.Length];
        if (!Paths.PercentDecoding.TryDecode(raw, bytes, plusIsSpace: true, out int written)
            || !Utf8.IsValid(bytes.AsSpan(0, written)))
        {
            throw Refuse($"'{name}' must be percent-encoded UTF-8.");
        }

        return written == bytes.Length ? bytes : bytes[..written];
    }

    private static RequestRefusedException Refuse(string detail) => new(ProblemCode.BadParameter, detail);
}
