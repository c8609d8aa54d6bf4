using Grains.Api;
using Grains.Api.Problems;
using Grains.Operations.Errors;
using Grains.StateMachines.Clocks;
using Grains.StateMachines.Ids;

namespace Grains.Operations.Syntax;

/// <summary>
/// Reads members of a document and keeps the first that is out of its range. What is read from then on stands for
/// nothing: look at <see cref="Error"/> before anything is done with it.
/// </summary>
public sealed class Fields
{
    /// <summary>Null = all that was read is good.</summary>
    public OperationError? Error { get; private set; }

    public void Refuse(string detail) => Refuse(new OperationError(ProblemCode.BadField, detail));

    public void Refuse(OperationError error) => Error ??= error;

    public int Int(int? value, string member, int min, int max, int absent)
    {
        int present = value ?? absent;
        if (present < min || present > max)
        {
            Refuse($"'{member}' must be from {min} to {max}.");
        }

        return present;
    }

    /// <param name="text">Null = <paramref name="absentMs"/>.</param>
    public long DurationMs(string? text, string member, long minMs, long maxMs, long absentMs)
    {
        if (text is null)
        {
            return absentMs;
        }

        if (!Durations.TryParse(text, out long ms) || ms < minMs || ms > maxMs)
        {
            Refuse(
                $"'{member}' must be a duration from {Durations.Write(minMs)} to {Durations.Write(maxMs)}, such as "
                + "10s.");
        }

        return ms;
    }

    /// <summary>Printable ASCII of bounded length: what fits a header.</summary>
    public string? HeaderText(string? text, string member, int maxChars)
    {
        if (text?.Length > maxChars || !PrintableText.Is(text))
        {
            Refuse($"'{member}' must be at most {maxChars} characters of visible ASCII and spaces.");
        }

        return string.IsNullOrEmpty(text) ? null : text;
    }

    /// <summary>Content given as base64 or as text; null = neither.</summary>
    public byte[]? Content(byte[]? body, string? text, string member)
    {
        if (body is not null && text is not null)
        {
            Refuse($"'{member}' has both 'body' and 'text'; give one.");
        }

        byte[]? content = body ?? (text is null ? null : System.Text.Encoding.UTF8.GetBytes(text));
        if (content?.Length > Limits.ContentBytes)
        {
            TooLarge(member, Limits.ContentBytes);
        }

        return content;
    }

    /// <summary>How many entries a list has; 0 if it has too many.</summary>
    public int Count<T>(T[]? items, string member, int limit)
    {
        if (items?.Length > limit)
        {
            Refuse(new OperationError(ProblemCode.TooLarge, $"'{member}' has over {limit} entries.") { Limit = limit });
            return 0;
        }

        return items?.Length ?? 0;
    }

    public void TooLarge(string member, int limit) =>
        Refuse(new OperationError(ProblemCode.TooLarge, $"'{member}' is over {limit} bytes.") { Limit = limit });

    /// <summary>A value that was read elsewhere; the default if it could not be.</summary>
    public T? Of<T>(Result<T> read)
        where T : notnull
    {
        if (!read.TryGet(out T? value, out OperationError? error))
        {
            Refuse(error);
        }

        return value;
    }

    public MessageId Message(string? text, string member)
    {
        if (!MessageId.TryParse(text, out MessageId id))
        {
            Refuse(new OperationError(ProblemCode.BadId, $"'{member}' is not a message id."));
        }

        return id;
    }

    public Utf8Name Node(string? text, string member) => Of(Names.Node(text, member));

    public Utf8Name Key(string? text, string member) => Of(Names.Key(text, member));

    public Due Due(string? delay, string? at, string member) =>
        Of(DueTimes.Parse(delay, at, ProblemCode.BadField, $"'{member}delay'", $"'{member}at'"));
}
