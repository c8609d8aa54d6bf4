namespace Grains.StateMachines.Tables;

/// <summary>A <see cref="Tree{TKey, TValue}"/> as it was when it was frozen. Readable by any thread.</summary>
public sealed class FrozenTree<TKey, TValue>
    where TKey : struct, IComparable<TKey>
    where TValue : class
{
    private readonly TreeNode<TKey, TValue> _root;

    internal FrozenTree(TreeNode<TKey, TValue> root, int count)
    {
        _root = root;
        Count = count;
    }

    public int Count { get; }

    /// <summary>All entries, in order.</summary>
    public IEnumerable<KeyValuePair<TKey, TValue>> All => TreeNode<TKey, TValue>.Walk(_root, default);
}
