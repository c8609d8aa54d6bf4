namespace Grains.StateMachines.Slots;

/// <summary>
/// What decides where a key or node lives: the content of the first non-empty <c>{…}</c> in its name,
/// else a fallback that its kind chooses.
/// </summary>
public static class PlacementKey
{
    /// <summary>Slot of a key of a <c>spread</c> keyspace: tag, else the key.</summary>
    public static int SlotOfSpreadKey(ReadOnlySpan<byte> key) =>
        SlotMap.SlotOf(Tag(key) is { Length: > 0 } tag ? tag : key);

    /// <summary>Slot of every key of an <c>ordered</c> keyspace: the keyspace's name.</summary>
    public static int SlotOfOrderedKeyspace(ReadOnlySpan<byte> keyspaceName) => SlotMap.SlotOf(keyspaceName);

    /// <summary>Slot of a node: tag of the node id, else <c>service/node</c>.</summary>
    public static int SlotOfNode(ReadOnlySpan<byte> serviceName, ReadOnlySpan<byte> node)
    {
        ReadOnlySpan<byte> tag = Tag(node);
        if (tag.Length > 0)
        {
            return SlotMap.SlotOf(tag);
        }

        int length = serviceName.Length + 1 + node.Length;
        Span<byte> full = length <= 1024 ? stackalloc byte[length] : new byte[length];
        serviceName.CopyTo(full);
        full[serviceName.Length] = (byte)'/';
        node.CopyTo(full[(serviceName.Length + 1)..]);
        return SlotMap.SlotOf(full);
    }

    /// <summary>The content of the first non-empty <c>{…}</c>, or empty.</summary>
    public static ReadOnlySpan<byte> Tag(ReadOnlySpan<byte> name)
    {
        while (true)
        {
            int open = name.IndexOf((byte)'{');
            if (open < 0)
            {
                return default;
            }

            name = name[(open + 1)..];
            int close = name.IndexOf((byte)'}');
            if (close < 0)
            {
                return default;
            }

            if (close > 0)
            {
                return name[..close];
            }

            name = name[1..];
        }
    }
}
