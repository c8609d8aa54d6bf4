namespace Grains.StateMachines.Tables;

/// <summary>
/// A leaf (keys and values) or a branch (children, each under its smallest key) of a <see cref="Tree{TKey, TValue}"/>.
/// </summary>
internal sealed class TreeNode<TKey, TValue>
    where TKey : struct, IComparable<TKey>
    where TValue : class
{
    private const int _firstCapacity = 4;

    /// <summary>False: they are those of the node that this is a copy of.</summary>
    private bool _hasOwnKeys = true;

    private TreeNode(long generation, NodeKeys<TKey> keys, TValue?[]? values, TreeNode<TKey, TValue>?[]? children)
    {
        Generation = generation;
        Keys = keys;
        Values = values;
        Children = children;
    }

    public long Generation { get; }

    public int Count => Keys.Count;

    public NodeKeys<TKey> Keys { get; private set; }

    public TValue?[]? Values { get; private set; }

    public TreeNode<TKey, TValue>?[]? Children { get; }

    private Array Rest => (Array?)Values ?? Children!;

    public static TreeNode<TKey, TValue> Leaf(long generation) =>
        new(generation, new NodeKeys<TKey>(_firstCapacity), new TValue[_firstCapacity], null);

    public static TreeNode<TKey, TValue> Branch(
        long generation, TreeNode<TKey, TValue> left, TreeNode<TKey, TValue> right)
    {
        var node = new TreeNode<TKey, TValue>(
            generation, new NodeKeys<TKey>(Tree<TKey, TValue>.Capacity), null,
            new TreeNode<TKey, TValue>?[Tree<TKey, TValue>.Capacity]);
        (node.Children![0], node.Children[1]) = (left, right);
        node.Keys.Insert(0, left.Keys[0]);
        node.Keys.Insert(1, right.Keys[0]);
        return node;
    }

    public TreeNode<TKey, TValue> CopyFor(long generation) =>
        new(generation, Keys, (TValue?[]?)Values?.Clone(), (TreeNode<TKey, TValue>?[]?)Children?.Clone())
        {
            _hasOwnKeys = false
        };

    /// <returns>The index, or the complement of where it would stand.</returns>
    public int IndexOf(in TKey key) => Keys.IndexOf(key);

    public int ChildFor(in TKey key)
    {
        int at = IndexOf(key);
        return at >= 0 ? at : Math.Max(0, ~at - 1);
    }

    /// <summary>False: the leaf is full, or empty, or the key is not larger than all in it.</summary>
    public bool TryAppend(in TKey key, TValue value)
    {
        if (Count is 0 or Tree<TKey, TValue>.Capacity || Keys[Count - 1].CompareTo(key) >= 0)
        {
            return false;
        }

        MakeRoom(Count, key);
        Values![Count - 1] = value;
        return true;
    }

    public TreeNode<TKey, TValue>? InsertLeaf(int at, in TKey key, TValue value, long generation)
    {
        TreeNode<TKey, TValue>? right = Split(at, generation);
        (TreeNode<TKey, TValue> node, int place) = PlaceOf(at, right);
        node.MakeRoom(place, key);
        node.Values![place] = value;
        return right;
    }

    public TreeNode<TKey, TValue>? InsertChild(int at, TreeNode<TKey, TValue> child, long generation)
    {
        TreeNode<TKey, TValue>? right = Split(at, generation);
        (TreeNode<TKey, TValue> node, int place) = PlaceOf(at, right);
        node.MakeRoom(place, child.Keys[0]);
        node.Children![place] = child;
        return right;
    }

    /// <summary>A child's smallest key may have become another.</summary>
    public void FollowFirstKey(int child)
    {
        TKey first = Children![child]!.Keys[0];
        if (Keys[child].CompareTo(first) != 0)
        {
            OwnKeys();
            Keys.Replace(child, first);
        }
    }

    public void RemoveAt(int at)
    {
        OwnKeys();
        Keys.RemoveAt(at);
        Array rest = Rest;
        Array.Copy(rest, at + 1, rest, at, Count - at);
        Array.Clear(rest, Count, 1);
    }

    /// <summary>Appends everything of the right neighbour, which is left as it is.</summary>
    public void Take(TreeNode<TKey, TValue> right)
    {
        OwnKeys();
        int count = Count;
        Keys.Take(right.Keys);
        GrowValues();
        Array.Copy(right.Rest, 0, Rest, count, right.Count);
    }

    public static IEnumerable<KeyValuePair<TKey, TValue>> Walk(TreeNode<TKey, TValue> root, TKey from)
    {
        var path = new Stack<(TreeNode<TKey, TValue> Node, int Next)>();
        TreeNode<TKey, TValue> node = root;
        while (node.Children is not null)
        {
            int child = node.ChildFor(from);
            path.Push((node, child + 1));
            node = node.Children[child]!;
        }

        int at = node.IndexOf(from);
        at = at >= 0 ? at : ~at;
        while (true)
        {
            for (; at < node.Count; at++)
            {
                yield return new(node.Keys[at], node.Values![at]!);
            }

            while (path.Count > 0 && path.Peek().Next == path.Peek().Node.Count)
            {
                path.Pop();
            }

            if (path.Count == 0)
            {
                yield break;
            }

            (TreeNode<TKey, TValue> parent, int next) = path.Pop();
            path.Push((parent, next + 1));
            node = parent.Children![next]!;
            while (node.Children is not null)
            {
                path.Push((node, 1));
                node = node.Children[0]!;
            }

            at = 0;
        }
    }

    public static bool TryFirst(TreeNode<TKey, TValue> node, in TKey from, out TKey key, out TValue value)
    {
        if (node.Children is null)
        {
            int at = node.IndexOf(from);
            at = at >= 0 ? at : ~at;
            bool found = at < node.Count;
            key = found ? node.Keys[at] : default;
            value = found ? node.Values![at]! : null!;
            return found;
        }

        int child = node.ChildFor(from);
        if (TryFirst(node.Children[child]!, from, out key, out value))
        {
            return true;
        }

        // Everything right of that child is larger than `from`, and no node is empty.
        return child + 1 < node.Count && TryFirst(node.Children[child + 1]!, from, out key, out value);
    }

    /// <summary>
    /// Makes room where the node is full. An insert at the very end starts an empty right neighbour, so that keys that
    /// only grow, and a checkpoint being read, fill their nodes.
    /// </summary>
    private TreeNode<TKey, TValue>? Split(int at, long generation)
    {
        const int full = Tree<TKey, TValue>.Capacity;
        if (Count < full)
        {
            return null;
        }

        OwnKeys();
        int keep = at == full ? full : full / 2;
        int moved = full - keep;
        var right = new TreeNode<TKey, TValue>(
            generation, Keys.Split(keep, full), Values is null ? null : new TValue[full],
            Children is null ? null : new TreeNode<TKey, TValue>?[full]);
        Array.Copy(Rest, keep, right.Rest, 0, moved);
        Array.Clear(Rest, keep, moved);
        return right;
    }

    /// <summary>Where it goes when this has split, or has not.</summary>
    private (TreeNode<TKey, TValue> Node, int At) PlaceOf(int at, TreeNode<TKey, TValue>? right) =>
        right is not null && (at > Count || Count == Tree<TKey, TValue>.Capacity) ? (right, at - Count) : (this, at);

    /// <summary>The key stands there, and what belongs to it is to be put beside it.</summary>
    private void MakeRoom(int at, in TKey key)
    {
        OwnKeys();
        Keys.Insert(at, key);
        GrowValues();
        Array.Copy(Rest, at, Rest, at + 1, Count - 1 - at);
    }

    private void OwnKeys()
    {
        if (!_hasOwnKeys)
        {
            Keys = Keys.Copy();
            _hasOwnKeys = true;
        }
    }

    private void GrowValues()
    {
        if (Values is { } values && values.Length < Keys.Capacity)
        {
            Array.Resize(ref values, Keys.Capacity);
            Values = values;
        }
    }
}
