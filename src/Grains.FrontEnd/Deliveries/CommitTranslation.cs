using Grains.Api;
using Grains.Api.Deliveries;
using Grains.Api.Problems;
using Grains.FrontEnd.Declarations;
using Grains.FrontEnd.Nodes;
using Grains.FrontEnd.Paths;
using Grains.FrontEnd.Problems;
using Grains.FrontEnd.Requests;
using Grains.FrontEnd.Timers;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Clocks;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;
using Grains.StateMachines.Mailboxes;
using Grains.StateMachines.Replies;
using Grains.StateMachines.Slots;
using Grains.StateMachines.Timers;

namespace Grains.FrontEnd.Deliveries;

/// <summary>A commit as a worker writes it → the command: names to ids and partitions, limits, one condition per key.</summary>
internal sealed class CommitTranslation(DeclarationCatalog catalog, SlotMap slots, DeliveryHandle delivery)
{
    /// <param name="request">What the worker said.</param>
    /// <param name="hash">Tells a repeat of this commit from another one of the same delivery.</param>
    public async ValueTask<CommitDelivery> TranslateAsync(CommitRequest request, UInt128 hash)
    {
        OutgoingMessage[] sends = new OutgoingMessage[Count(request.Sends, "sends", Limits.CommitSends)];
        for (int i = 0; i < sends.Length; i++)
        {
            sends[i] = await SendAsync(request.Sends![i] ?? throw Fields.Refuse($"'sends[{i}]' is null."), $"sends[{i}]");
        }

        KeyChange[] keys = new KeyChange[Count(request.Keys, "keys", Limits.CommitKeys)];
        for (int i = 0; i < keys.Length; i++)
        {
            keys[i] = await KeyAsync(request.Keys![i] ?? throw Fields.Refuse($"'keys[{i}]' is null."), $"keys[{i}]");
        }

        OutgoingReply[] replies = new OutgoingReply[Count(request.Replies, "replies", Limits.DeliveryMessages)];
        for (int i = 0; i < replies.Length; i++)
        {
            replies[i] = Reply(request.Replies![i] ?? throw Fields.Refuse($"'replies[{i}]' is null."), $"replies[{i}]");
        }

        TimerChange[] timers = new TimerChange[Count(request.Timers, "timers", Limits.CommitTimers)];
        for (int i = 0; i < timers.Length; i++)
        {
            timers[i] = Timer(request.Timers![i] ?? throw Fields.Refuse($"'timers[{i}]' is null."), $"timers[{i}]");
        }

        var command = new CommitDelivery
        {
            Delivery = delivery.Id,
            Acknowledge = Acknowledged(request.Ack),
            State = State(request),
            Sends = sends,
            Keys = keys,
            Replies = replies,
            Timers = timers,
            BodyHash = hash,
        };
        return command.SizeBytes <= Limits.CommitBytes
            ? command
            : throw Fields.TooLarge("the commit", Limits.CommitBytes);
    }

    private static int Count<T>(T[]? items, string member, int limit) => items is null ? 0
        : items.Length <= limit ? items.Length
        : throw new RequestRefusedException(ProblemCode.TooLarge, $"'{member}' has over {limit} entries.") { Limit = limit };

    private static MessageId[]? Acknowledged(string[]? ack)
    {
        if (ack is null)
        {
            return null;
        }

        var ids = new MessageId[Count(ack, "ack", Limits.DeliveryMessages)];
        for (int i = 0; i < ids.Length; i++)
        {
            ids[i] = Message(ack[i], $"ack[{i}]");
        }

        return ids;
    }

    private static MessageId Message(string? text, string member) => MessageId.TryParse(text, out MessageId id)
        ? id
        : throw new RequestRefusedException(ProblemCode.BadId, $"'{member}' is not a message id.");

    private static OutgoingReply Reply(CommitReply reply, string member) => new(
        reply.Message is null ? null : Message(reply.Message, member + ".message"),
        new MessageContent
        {
            Body = Fields.Content(reply.Body, reply.Text, member) ?? [],
            Type = Fields.HeaderText(reply.Type, member + ".type", Limits.MessageTypeChars),
            ContentType = Fields.HeaderText(reply.ContentType, member + ".contentType", Limits.ContentTypeChars),
            Headers = MessageHeaders.Of(reply.Headers, member + ".headers"),
        });

    private static TimerChange Timer(CommitTimer timer, string member)
    {
        Utf8Name name = TimerFields.Name(timer.Name, $"'{member}.name'");
        if (timer.Delete is not true)
        {
            return TimerFields.Set(name, timer, member + ".");
        }

        return timer is { Cron: null, Zone: null, Delay: null, At: null, Type: null, ContentType: null, Headers: null, Body: null, Text: null }
            ? new TimerChange { Name = name }
            : throw Fields.Refuse($"'{member}' deletes; beside 'name' nothing else has a meaning.");
    }

    private static StateChange? State(CommitRequest request)
    {
        if (!request.StateGiven)
        {
            return null;
        }

        if (request.State is not { } state)
        {
            return new StateChange(null, null);
        }

        byte[] content = Fields.Content(state.Body, state.Text, "state")
            ?? throw Fields.Refuse("'state' needs 'body' or 'text'; null removes the state.");
        return new StateChange(content, Fields.HeaderText(state.ContentType, "state.contentType", Limits.ContentTypeChars));
    }

    private async ValueTask<OutgoingMessage> SendAsync(CommitSend send, string member)
    {
        string name = send.Service ?? delivery.Service;
        if (!Names.IsDeclared(name))
        {
            throw new RequestRefusedException(ProblemCode.BadName,
                $"'{member}.service' must be [a-z0-9], then up to 62 of [a-z0-9-].");
        }

        Utf8Name node = Names.Node(send.Node, member + ".node");
        ServiceSnapshot service = await catalog.FindServiceAsync(name)
            ?? throw DeclarationCatalog.NoService($" ('{member}.service')");
        return new OutgoingMessage
        {
            Partition = service.PartitionOf(slots, node),
            Service = service.Id,
            Node = node,
            MailboxLimit = service.MailboxLimit,
            Due = DueTimes.Parse(send.Delay, send.At, Fields.Refuse, $"'{member}.delay'", $"'{member}.at'"),
            TtlMs = Fields.DurationMs(send.Ttl, member + ".ttl", 1, Limits.TtlMs, 0),
            HopsMax = service.MaxHops,
            For = send.For is null ? null : Message(send.For, member + ".for"),
            Content = new MessageContent
            {
                Body = Fields.Content(send.Body, send.Text, member) ?? [],
                Type = Fields.HeaderText(send.Type, member + ".type", Limits.MessageTypeChars),
                ContentType = Fields.HeaderText(send.ContentType, member + ".contentType", Limits.ContentTypeChars),
                Headers = MessageHeaders.Of(send.Headers, member + ".headers"),
            },
        };
    }

    private async ValueTask<KeyChange> KeyAsync(CommitKey change, string member)
    {
        if (!Names.IsDeclared(change.Keyspace))
        {
            throw new RequestRefusedException(ProblemCode.BadName,
                $"'{member}.keyspace' must be [a-z0-9], then up to 62 of [a-z0-9-].");
        }

        Utf8Name key = Names.Key(change.Key, member + ".key");
        KeyspaceSnapshot keyspace = await catalog.FindKeyspaceAsync(change.Keyspace)
            ?? throw DeclarationCatalog.NoKeyspace($" ('{member}.keyspace')");
        if (keyspace.PartitionOf(slots, key) != delivery.Id.Partition)
        {
            throw new RequestRefusedException(ProblemCode.CrossPartition,
                $"'{member}': a key of '{change.Keyspace}' by this name does not live with the delivery's node; "
                + "give both the same tag in braces, in a spread keyspace.");
        }

        byte[]? value = Fields.Content(change.Body, change.Text, member);
        bool delete = change.Delete ?? false;
        if (delete == (value is not null))
        {
            throw Fields.Refuse($"'{member}' needs 'body', 'text' or 'delete': true; exactly one.");
        }

        if (delete && (change.Ttl is not null || change.ContentType is not null))
        {
            throw Fields.Refuse($"'{member}' deletes; 'ttl' and 'contentType' have no meaning.");
        }

        return new KeyChange
        {
            Keyspace = keyspace.Id,
            Key = key,
            Value = value,
            ContentType = Fields.HeaderText(change.ContentType, member + ".contentType", Limits.ContentTypeChars),
            Condition = ConditionOf(change, member),
            TtlMs = Fields.DurationMs(change.Ttl, member + ".ttl", 1, Limits.TtlMs, 0),
        };
    }

    private static Condition ConditionOf(CommitKey change, string member)
    {
        bool absent = change.IfAbsent ?? false;
        return (change.IfVersion, absent) switch
        {
            (null, false) => Condition.None,
            (null, true) => Condition.IfAbsent,
            ({ } version, false) when version is >= 1 and <= Limits.Version => Condition.IfVersion(new Revision(version)),
            (_, false) => throw Fields.Refuse($"'{member}.ifVersion' must be from 1 to {Limits.Version}."),
            _ => throw Fields.Refuse($"'{member}' has both 'ifVersion' and 'ifAbsent'."),
        };
    }
}
