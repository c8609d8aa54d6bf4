namespace Grains.StateMachines.Tables;

/// <summary>
/// An ordered map whose snapshot costs nothing: a B-tree that changes its nodes in place until it is frozen, and from
/// then on copies each node the first time that it touches it. This is what keeps a checkpoint from holding the loop.
/// </summary>
/// <remarks>
/// One writer. A <see cref="FrozenTree{TKey, TValue}"/> may be read by any thread while the writer goes on.
/// </remarks>
public sealed class Tree<TKey, TValue>
    where TKey : struct, IComparable<TKey>
    where TValue : class
{
    internal const int Capacity = 64;
    private const int _mergeBelow = Capacity / 4;
    private const int _mergeUpTo = Capacity * 3 / 4;

    private TreeNode<TKey, TValue> _root = TreeNode<TKey, TValue>.Leaf(0);
    private long _generation;

    /// <summary>
    /// The leaf of the largest keys, where a key that is larger than all goes at once; null = not known.
    /// </summary>
    private TreeNode<TKey, TValue>? _last;

    public int Count { get; private set; }

    /// <summary>The map as it is now, for ever. O(1).</summary>
    public FrozenTree<TKey, TValue> Freeze()
    {
        _generation++;
        return new FrozenTree<TKey, TValue>(_root, Count);
    }

    public TValue? Find(in TKey key)
    {
        TreeNode<TKey, TValue> node = _root;
        while (node.Children is not null)
        {
            node = node.Children[node.ChildFor(key)]!;
        }

        int at = node.IndexOf(key);
        return at >= 0 ? node.Values![at] : null;
    }

    public void Set(in TKey key, TValue value)
    {
        if (_last is { } last && last.Generation == _generation && last.TryAppend(key, value))
        {
            Count++;
            return;
        }

        TreeNode<TKey, TValue> root = Own(ref _root);
        if (Insert(root, key, value, isLast: true) is { } right)
        {
            _root = TreeNode<TKey, TValue>.Branch(_generation, root, right);
        }
    }

    public bool Remove(in TKey key)
    {
        if (Find(key) is null)
        {
            return false;
        }

        TreeNode<TKey, TValue> root = Own(ref _root);
        _last = null;
        Delete(root, key);
        Count--;
        if (root.Children is not null && root.Count == 1)
        {
            _root = root.Children[0]!;
        }

        return true;
    }

    /// <summary>Entries from <paramref name="from"/>, included, in order. The tree must not change meanwhile.</summary>
    public IEnumerable<KeyValuePair<TKey, TValue>> From(TKey from) => TreeNode<TKey, TValue>.Walk(_root, from);

    /// <summary>The first entry at or after <paramref name="from"/>.</summary>
    public bool TryFirst(in TKey from, out TKey key, out TValue value) =>
        TreeNode<TKey, TValue>.TryFirst(_root, from, out key, out value);

    private TreeNode<TKey, TValue> Own(ref TreeNode<TKey, TValue> node)
    {
        if (node.Generation != _generation)
        {
            node = node.CopyFor(_generation);
        }

        return node;
    }

    /// <param name="node">Where to.</param>
    /// <param name="key">Under which.</param>
    /// <param name="value">What.</param>
    /// <param name="isLast">Nothing stands right of the node.</param>
    /// <returns>The new right sibling if the node had to split.</returns>
    private TreeNode<TKey, TValue>? Insert(TreeNode<TKey, TValue> node, in TKey key, TValue value, bool isLast)
    {
        TreeNode<TKey, TValue>? right;
        if (node.Children is null)
        {
            right = InsertLeaf(node, key, value);
            _last = isLast ? right ?? node : _last;
            return right;
        }

        int child = node.ChildFor(key);
        right = Insert(Own(ref node.Children[child]!), key, value, isLast && child == node.Count - 1);
        if (child == 0)
        {
            node.FollowFirstKey(0);
        }

        return right is null ? null : node.InsertChild(child + 1, right, _generation);
    }

    private TreeNode<TKey, TValue>? InsertLeaf(TreeNode<TKey, TValue> leaf, in TKey key, TValue value)
    {
        int at = leaf.IndexOf(key);
        if (at >= 0)
        {
            leaf.Values![at] = value;
            return null;
        }

        Count++;
        return leaf.InsertLeaf(~at, key, value, _generation);
    }

    private void Delete(TreeNode<TKey, TValue> node, in TKey key)
    {
        if (node.Children is null)
        {
            node.RemoveAt(node.IndexOf(key));
            return;
        }

        int at = node.ChildFor(key);
        TreeNode<TKey, TValue> child = Own(ref node.Children[at]!);
        Delete(child, key);
        if (child.Count == 0)
        {
            node.RemoveAt(at);
            return;
        }

        node.FollowFirstKey(at);
        if (child.Count < _mergeBelow)
        {
            Merge(node, at);
        }
    }

    private void Merge(TreeNode<TKey, TValue> node, int at)
    {
        int left = at > 0 ? at - 1 : at;
        if (left + 1 >= node.Count || node.Children![left]!.Count + node.Children[left + 1]!.Count > _mergeUpTo)
        {
            return;
        }

        Own(ref node.Children[left]!).Take(node.Children[left + 1]!);
        node.RemoveAt(left + 1);
    }
}
