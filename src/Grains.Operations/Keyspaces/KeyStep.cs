using Grains.Api;
using Grains.Api.Keyspaces;
using Grains.Operations.Access;
using Grains.Operations.Declarations;
using Grains.Operations.Errors;
using Grains.Operations.Syntax;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;

namespace Grains.Operations.Keyspaces;

/// <summary>One thing that a batch does with one key.</summary>
/// <param name="Key">Which one.</param>
/// <param name="Command">What its partition is asked.</param>
/// <param name="Preconditions">Of a read; those of a write are part of its command.</param>
public sealed record KeyStep(Utf8Name Key, Command Command, Preconditions Preconditions)
{
    public Permission Needed => Command.IsRead ? Permission.Read : Permission.Write;

    /// <returns>The step, or the first thing that is wrong with the line.</returns>
    public static Result<KeyStep> Parse(KeyspaceSnapshot keyspace, KeyBatchLine line)
    {
        var fields = new Fields();
        RefuseMeaningless(line, fields);
        Utf8Name key = fields.Key(line.Key, "key");
        Preconditions preconditions = PreconditionsOf(line, fields);
        Command? command = CommandOf(keyspace.Id, key, line, preconditions.OfWrite(), fields);
        return fields.Error is { } refused ? refused : new KeyStep(key, command!, preconditions);
    }

    /// <summary>Null: the line is refused.</summary>
    private static Command? CommandOf(
        KeyspaceId keyspace, Utf8Name key, KeyBatchLine line, Condition condition, Fields fields)
    {
        switch (line.Op)
        {
            case "put":
                return new PutKey
                {
                    Keyspace = keyspace,
                    Key = key,
                    Value = Value(line, fields),
                    ContentType = fields.HeaderText(line.ContentType, "contentType", Limits.ContentTypeChars),
                    Condition = condition,
                    TtlMs = TtlMs(line, fields),
                    IsFollowed = true,
                };
            case "get":
                return new GetKey { Keyspace = keyspace, Key = key, IsFollowed = true };
            case "delete":
                return new DeleteKey { Keyspace = keyspace, Key = key, Condition = condition, IsFollowed = true };
            case "increment":
                var add = new AddInteger { Key = key, By = line.By ?? 1, TtlMs = TtlMs(line, fields) };
                return new ChangeKey { Keyspace = keyspace, Action = add, IsFollowed = true };
            default:
                fields.Refuse("'op' must be 'put', 'get', 'delete' or 'increment'.");
                return null;
        }
    }

    /// <summary>What another operation takes is a mistake of the caller, not something to pass over.</summary>
    private static void RefuseMeaningless(KeyBatchLine line, Fields fields)
    {
        bool isPut = line.Op is "put";
        bool isIncrement = line.Op is "increment";
        if (!isPut && (line.Body is not null || line.Text is not null || line.ContentType is not null))
        {
            fields.Refuse("'body', 'text' and 'contentType' have a meaning with 'op': 'put' only.");
        }

        if (!isIncrement && line.By is not null)
        {
            fields.Refuse("'by' has a meaning with 'op': 'increment' only.");
        }

        if (!isPut && !isIncrement && line.Ttl is not null)
        {
            fields.Refuse("'ttl' has a meaning with 'op': 'put' or 'increment' only.");
        }

        bool isConditional = line.IfMatch is not null || line.IfNoneMatch is not null || line.IfExists is not null
            || line.IfAbsent is not null;
        if (isIncrement && isConditional)
        {
            fields.Refuse("An increment takes no condition.");
        }
    }

    private static byte[] Value(KeyBatchLine line, Fields fields)
    {
        if (line.Body is null && line.Text is null)
        {
            fields.Refuse("A put needs 'body' or 'text'.");
        }

        return fields.Content(line.Body, line.Text, "the line") ?? [];
    }

    private static long TtlMs(KeyBatchLine line, Fields fields) =>
        fields.DurationMs(line.Ttl, "ttl", 1, Limits.TtlMs, 0);

    private static Preconditions PreconditionsOf(KeyBatchLine line, Fields fields) => new(
        TagsOf(line.IfMatch, "ifMatch", line.IfExists, "ifExists", fields),
        TagsOf(line.IfNoneMatch, "ifNoneMatch", line.IfAbsent, "ifAbsent", fields));

    private static VersionTags? TagsOf(long[]? versions, string member, bool? isAny, string star, Fields fields)
    {
        if (isAny is true)
        {
            if (versions is not null)
            {
                fields.Refuse($"'{member}' and '{star}' are given; give one.");
            }

            return new VersionTags(IsAny: true, []);
        }

        if (versions is null)
        {
            return null;
        }

        if (versions.Length > Limits.EntityTags || versions.Any(v => v is < 1 or > Limits.Version))
        {
            fields.Refuse(
                $"'{member}' must be at most {Limits.EntityTags} versions, each from 1 to {Limits.Version}.");
        }

        return new VersionTags(IsAny: false, versions);
    }
}
