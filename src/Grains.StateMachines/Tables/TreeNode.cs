namespace Grains.StateMachines.Tables;

/// <summary>
/// A leaf (keys and values) or a branch (children, each under its smallest key) of a <see cref="Tree{TKey, TValue}"/>.
/// </summary>
internal sealed class TreeNode<TKey, TValue>
    where TKey : struct, IComparable<TKey>
    where TValue : class
{
    private const int _firstCapacity = 4;

    private TreeNode(long generation, TKey[] keys, TValue?[]? values, TreeNode<TKey, TValue>?[]? children, int count)
    {
        Generation = generation;
        Keys = keys;
        Values = values;
        Children = children;
        Count = count;
    }

    public long Generation { get; }

    public int Count { get; private set; }

    public TKey[] Keys { get; private set; }

    public TValue?[]? Values { get; private set; }

    public TreeNode<TKey, TValue>?[]? Children { get; }

    public static TreeNode<TKey, TValue> Leaf(long generation) =>
        new(generation, new TKey[_firstCapacity], new TValue[_firstCapacity], null, 0);

    public static TreeNode<TKey, TValue> Branch(
        long generation, TreeNode<TKey, TValue> left, TreeNode<TKey, TValue> right)
    {
        var node = new TreeNode<TKey, TValue>(
            generation, new TKey[Tree<TKey, TValue>.Capacity], null, new TreeNode<TKey,
            TValue>?[Tree<TKey, TValue>.Capacity], 2);
        (node.Children![0], node.Children[1]) = (left, right);
        (node.Keys[0], node.Keys[1]) = (left.Keys[0], right.Keys[0]);
        return node;
    }

    public TreeNode<TKey, TValue> CopyFor(long generation) =>
        new(
            generation, (TKey[])Keys.Clone(), (TValue?[]?)Values?.Clone(),
            (TreeNode<TKey, TValue>?[]?)Children?.Clone(), Count);

    /// <returns>The index, or the complement of where it would stand.</returns>
    public int IndexOf(in TKey key)
    {
        int low = 0;
        int high = Count - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            int order = Keys[middle].CompareTo(key);
            if (order == 0)
            {
                return middle;
            }

            if (order < 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle - 1;
            }
        }

        return ~low;
    }

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

        Reserve();
        Keys[Count] = key;
        Values![Count] = value;
        Count++;
        return true;
    }

    public TreeNode<TKey, TValue>? InsertLeaf(int at, in TKey key, TValue value, long generation)
    {
        TreeNode<TKey, TValue>? right = Split(at, generation);
        TreeNode<TKey, TValue> target = this;
        if (right is not null && (at > Count || Count == Tree<TKey, TValue>.Capacity))
        {
            target = right;
            at -= Count;
        }

        target.Reserve();
        Array.Copy(target.Keys, at, target.Keys, at + 1, target.Count - at);
        Array.Copy(target.Values!, at, target.Values!, at + 1, target.Count - at);
        target.Keys[at] = key;
        target.Values![at] = value;
        target.Count++;
        return right;
    }

    public TreeNode<TKey, TValue>? InsertChild(int at, TreeNode<TKey, TValue> child, long generation)
    {
        TreeNode<TKey, TValue>? right = Split(at, generation);
        TreeNode<TKey, TValue> target = this;
        if (right is not null && (at > Count || Count == Tree<TKey, TValue>.Capacity))
        {
            target = right;
            at -= Count;
        }

        Array.Copy(target.Keys, at, target.Keys, at + 1, target.Count - at);
        Array.Copy(target.Children!, at, target.Children!, at + 1, target.Count - at);
        target.Keys[at] = child.Keys[0];
        target.Children![at] = child;
        target.Count++;
        return right;
    }

    public void RemoveAt(int at)
    {
        Count--;
        Array.Copy(Keys, at + 1, Keys, at, Count - at);
        Keys[Count] = default;
        Array rest = (Array?)Values ?? Children!;
        Array.Copy(rest, at + 1, rest, at, Count - at);
        if (Values is not null)
        {
            Values[Count] = null;
        }
        else
        {
            Children![Count] = null;
        }
    }

    /// <summary>Appends everything of the right neighbour, which is left as it is.</summary>
    public void Take(TreeNode<TKey, TValue> right)
    {
        while (Keys.Length < Count + right.Count)
        {
            Grow();
        }

        Array.Copy(right.Keys, 0, Keys, Count, right.Count);
        Array.Copy((Array?)right.Values ?? right.Children!, 0, (Array?)Values ?? Children!, Count, right.Count);
        Count += right.Count;
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

        int keep = at == full ? full : full / 2;
        int moved = full - keep;
        var right = new TreeNode<TKey, TValue>(
            generation, new TKey[full], Values is null ? null : new TValue[full],
            Children is null ? null : new TreeNode<TKey, TValue>?[full], moved);
        Array source = (Array?)Values ?? Children!;
        Array.Copy(Keys, keep, right.Keys, 0, moved);
        Array.Copy(source, keep, (Array?)right.Values ?? right.Children!, 0, moved);
        Array.Clear(Keys, keep, moved);
        Array.Clear(source, keep, moved);
        Count = keep;
        return right;
    }

    private void Reserve()
    {
        if (Count == Keys.Length)
        {
            Grow();
        }
    }

    private void Grow()
    {
        TKey[] keys = Keys;
        Array.Resize(ref keys, Math.Min(Tree<TKey, TValue>.Capacity, keys.Length * 2));
        Keys = keys;
        TValue?[]? values = Values;
        if (values is not null)
        {
            Array.Resize(ref values, keys.Length);
            Values = values;
        }
    }
}
