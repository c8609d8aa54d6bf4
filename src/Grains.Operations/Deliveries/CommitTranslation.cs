using Grains.Api;
using Grains.Api.Deliveries;
using Grains.Api.Problems;
using Grains.Operations.Declarations;
using Grains.Operations.Errors;
using Grains.Operations.Messages;
using Grains.Operations.Syntax;
using Grains.Operations.Timers;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;
using Grains.StateMachines.Mailboxes;
using Grains.StateMachines.Replies;
using Grains.StateMachines.Slots;
using Grains.StateMachines.Timers;

namespace Grains.Operations.Deliveries;

/// <summary>
/// A commit as a worker writes it → the command: names to ids and partitions, limits, one condition per key.
/// </summary>
internal sealed class CommitTranslation(DeclarationCatalog catalog, SlotMap slots, DeliveryHandle delivery)
{
    private readonly Fields _fields = new();

    /// <param name="request">What the worker said.</param>
    /// <param name="hash">Tells a repeat of this commit from another one of the same delivery.</param>
    public async ValueTask<Result<CommitDelivery>> TranslateAsync(CommitRequest request, UInt128 hash)
    {
        List<OutgoingMessage> sends = [];
        foreach ((CommitSend send, string member) in Items(request.Sends, "sends", Limits.CommitSends))
        {
            if (await SendAsync(send, member) is { } message)
            {
                sends.Add(message);
            }
        }

        List<KeyChange> keys = [];
        foreach ((CommitKey key, string member) in Items(request.Keys, "keys", Limits.CommitKeys))
        {
            if (await KeyAsync(key, member) is { } change)
            {
                keys.Add(change);
            }
        }

        var command = new CommitDelivery
        {
            Delivery = delivery.Id,
            Sends = [.. sends],
            Keys = [.. keys],
            Replies =
            [
                .. Items(request.Replies, "replies", Limits.DeliveryMessages).Select(r => Reply(r.Item, r.Member))
            ],
            Timers = [.. Items(request.Timers, "timers", Limits.CommitTimers).Select(t => Timer(t.Item, t.Member))],
            Acknowledge = Acknowledged(request.Ack),
            State = State(request),
            BodyHash = hash,
        };
        if (_fields.Error is null && command.SizeBytes > Limits.CommitBytes)
        {
            _fields.TooLarge("the commit", Limits.CommitBytes);
        }

        return _fields.Error is { } refused ? refused : command;
    }

    /// <summary>
    /// The entries of a list, with what refusals call them; what comes after one that is wrong is not looked at.
    /// </summary>
    private IEnumerable<(T Item, string Member)> Items<T>(T[]? items, string member, int limit)
        where T : class
    {
        int count = _fields.Count(items, member, limit);
        for (int i = 0; i < count && _fields.Error is null; i++)
        {
            if (items![i] is { } item)
            {
                yield return (item, $"{member}[{i}]");
            }
            else
            {
                _fields.Refuse($"'{member}[{i}]' is null.");
            }
        }
    }

    private MessageId[]? Acknowledged(string[]? ack)
    {
        if (ack is null)
        {
            return null;
        }

        var ids = new MessageId[_fields.Count(ack, "ack", Limits.DeliveryMessages)];
        for (int i = 0; i < ids.Length; i++)
        {
            ids[i] = _fields.Message(ack[i], $"ack[{i}]");
        }

        return ids;
    }

    private OutgoingReply Reply(CommitReply reply, string member) => new(
        reply.Message is null ? null : _fields.Message(reply.Message, member + ".message"),
        Content(reply.Body, reply.Text, member, (reply.Type, reply.ContentType, reply.Headers)));

    private MessageContent Content(
        byte[]? body, string? text, string member,
        (string? Type, string? ContentType, Dictionary<string, string>? Headers) with) => new()
        {
            Body = _fields.Content(body, text, member) ?? [],
            Type = _fields.HeaderText(with.Type, member + ".type", Limits.MessageTypeChars),
            ContentType = _fields.HeaderText(with.ContentType, member + ".contentType", Limits.ContentTypeChars),
            Headers = MessageHeaders.Of(with.Headers, member + ".headers", _fields),
        };

    private TimerChange Timer(CommitTimer timer, string member)
    {
        Utf8Name name = _fields.Of(TimerFields.Name(timer.Name, $"'{member}.name'"));
        if (timer.Delete is not true)
        {
            return TimerFields.Set(name, timer, member + ".", _fields);
        }

        if (timer is not
            {
                Cron: null, Zone: null, Delay: null, At: null,
                Type: null, ContentType: null, Headers: null, Body: null, Text: null,
            })
        {
            _fields.Refuse($"'{member}' deletes; beside 'name' nothing else has a meaning.");
        }

        return new TimerChange { Name = name };
    }

    private StateChange? State(CommitRequest request)
    {
        if (!request.StateGiven)
        {
            return null;
        }

        if (request.State is not { } state)
        {
            return new StateChange(null, null);
        }

        byte[]? content = _fields.Content(state.Body, state.Text, "state");
        if (content is null)
        {
            _fields.Refuse("'state' needs 'body' or 'text'; null removes the state.");
        }

        return new StateChange(
            content, _fields.HeaderText(state.ContentType, "state.contentType", Limits.ContentTypeChars));
    }

    private async ValueTask<OutgoingMessage?> SendAsync(CommitSend send, string member)
    {
        Utf8Name node = _fields.Node(send.Node, member + ".node");
        Result<ServiceSnapshot> found = await FindAsync(
            catalog.FindServiceAsync(send.Service ?? delivery.Service), send.Service ?? delivery.Service,
            member + ".service");
        return _fields.Of(found) is not { } service ? null : new OutgoingMessage
        {
            Partition = service.PartitionOf(slots, node),
            Service = service.Id,
            Node = node,
            MailboxLimit = service.MailboxLimit,
            Due = _fields.Due(send.Delay, send.At, member + "."),
            TtlMs = _fields.DurationMs(send.Ttl, member + ".ttl", 1, Limits.TtlMs, 0),
            HopsMax = service.MaxHops,
            For = send.For is null ? null : _fields.Message(send.For, member + ".for"),
            Content = Content(send.Body, send.Text, member, (send.Type, send.ContentType, send.Headers)),
        };
    }

    /// <summary>A refusal says which member names what is not there.</summary>
    private static async ValueTask<Result<T>> FindAsync<T>(ValueTask<Result<T>> found, string? name, string member)
        where T : notnull
    {
        Result<T> result = await found;
        return result.Error switch
        {
            null => result,
            _ when !Names.IsDeclared(name) =>
                new OperationError(ProblemCode.BadName, $"'{member}' must be [a-z0-9], then up to 62 of [a-z0-9-]."),
            { Code: ProblemCode.ServiceNotFound or ProblemCode.KeyspaceNotFound } none =>
                none with { Detail = $"{none.Detail[..^1]} ('{member}')." },
            var other => other,
        };
    }

    private async ValueTask<KeyChange?> KeyAsync(CommitKey change, string member)
    {
        Utf8Name key = _fields.Key(change.Key, member + ".key");
        Result<KeyspaceSnapshot> found = await FindAsync(
            catalog.FindKeyspaceAsync(change.Keyspace), change.Keyspace, member + ".keyspace");
        if (_fields.Of(found) is not { } keyspace)
        {
            return null;
        }

        if (keyspace.PartitionOf(slots, key) != delivery.Id.Partition)
        {
            _fields.Refuse(new OperationError(ProblemCode.CrossPartition,
                $"'{member}': a key of '{change.Keyspace}' by this name does not live with the delivery's node; "
                + "give both the same tag in braces, in a spread keyspace."));
        }

        return new KeyChange
        {
            Keyspace = keyspace.Id,
            Key = key,
            Value = Value(change, member),
            ContentType = _fields.HeaderText(change.ContentType, member + ".contentType", Limits.ContentTypeChars),
            Condition = ConditionOf(change, member),
            TtlMs = _fields.DurationMs(change.Ttl, member + ".ttl", 1, Limits.TtlMs, 0),
        };
    }

    /// <summary>Null: it is deleted.</summary>
    private byte[]? Value(CommitKey change, string member)
    {
        byte[]? value = _fields.Content(change.Body, change.Text, member);
        bool delete = change.Delete ?? false;
        if (delete == (value is not null))
        {
            _fields.Refuse($"'{member}' needs 'body', 'text' or 'delete': true; exactly one.");
        }

        if (delete && (change.Ttl is not null || change.ContentType is not null))
        {
            _fields.Refuse($"'{member}' deletes; 'ttl' and 'contentType' have no meaning.");
        }

        return value;
    }

    private Condition ConditionOf(CommitKey change, string member)
    {
        bool absent = change.IfAbsent ?? false;
        if (change.IfVersion is not { } version)
        {
            return absent ? Condition.IfAbsent : Condition.None;
        }

        if (absent)
        {
            _fields.Refuse($"'{member}' has both 'ifVersion' and 'ifAbsent'.");
        }

        if (version is < 1 or > Limits.Version)
        {
            _fields.Refuse($"'{member}.ifVersion' must be from 1 to {Limits.Version}.");
            return Condition.None;
        }

        return Condition.IfVersion(new Revision(version));
    }
}
