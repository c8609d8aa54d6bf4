namespace Grains.StateMachines.Mailboxes;

/// <summary>What a sender says. Headers are kept in order, names in lower case.</summary>
[GenerateSerializer, Immutable, Alias("grains.message-content")]
public sealed record MessageContent
{
    public static readonly MessageContent Empty = new() { Body = [] };

    [Id(0)] public string? Type { get; init; }
    [Id(1)] public string? ContentType { get; init; }
    [Id(2)] public MessageHeader[] Headers { get; init; } = [];
    [Id(3)] public required byte[] Body { get; init; }

    /// <summary><c>service/node</c>, or null for a sender from outside.</summary>
    [Id(4)] public string? Sender { get; init; }

    /// <summary>Null: it never expires, begins a chain, and stands for no other.</summary>
    [Id(5)] public MessageMetadata? Metadata { get; init; }

    /// <summary>What counts against the limits and the partition's budget.</summary>
    public int SizeBytes
    {
        get
        {
            int size = Body.Length + (Type?.Length ?? 0) + (ContentType?.Length ?? 0) + (Sender?.Length ?? 0)
                + (Metadata is null ? 0 : MessageMetadata.SizeBytes);
            foreach (MessageHeader header in Headers)
            {
                size += header.Name.Length + header.Value.Length + 2;
            }

            return size;
        }
    }
}

/// <summary>One header of a message.</summary>
[GenerateSerializer, Immutable, Alias("grains.message-header")]
public readonly record struct MessageHeader([property: Id(0)] string Name, [property: Id(1)] string Value);
