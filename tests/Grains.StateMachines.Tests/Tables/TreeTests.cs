using Grains.StateMachines.Ids;
using Grains.StateMachines.Tables;

namespace Grains.StateMachines.Tests.Tables;

public class TreeTests
{
    private readonly record struct Number(int Value) : IComparable<Number>
    {
        public int CompareTo(Number other) => Value.CompareTo(other.Value);
    }

    [Theory]
    [InlineData(1, 50, false)]
    [InlineData(2, 1_000, false)]
    [InlineData(3, 20_000, false)]
    [InlineData(4, 50, true)]
    [InlineData(5, 1_000, true)]
    public void A_tree_behaves_as_a_sorted_dictionary_and_its_frozen_copies_never_change(
        int seed, int range, bool grows) => BehavesAsSortedDictionary(
        seed, (random, step) => new Number(
            !grows ? random.Next(range)
            : random.Next(2) == 0 ? step
            : Math.Max(0, step - random.Next(range))));

    /// <summary>Names are searched by a few of their bytes: those behind what the names of a node share.</summary>
    [Theory]
    [InlineData(1, 1, 0, 3)]
    [InlineData(2, 1, 0, 12)]
    [InlineData(3, 3, 0, 12)]
    [InlineData(4, 1, 20, 12)]
    [InlineData(5, 40, 3, 4)]
    [InlineData(6, 1, 3, 20)]
    public void A_tree_of_names_does_so_too_whatever_they_begin_with(int seed, int scopes, int shared, int tail) =>
        BehavesAsSortedDictionary(seed, (random, _) => AnyName(random, scopes, shared, tail));

    /// <summary>
    /// Of few letters, the lowest and the highest among them, so that one is often the beginning of another.
    /// </summary>
    private static ScopedName AnyName(Random random, int scopes, int shared, int tail)
    {
        byte[] letters = [0, 1, 0x7F, 0x80, 0xFF];
        int start = random.Next(3) == 0 ? random.Next(shared + 1) : shared;
        byte[] name = new byte[start + random.Next(tail + 1)];
        name.AsSpan(0, start).Fill((byte)'k');
        for (int i = start; i < name.Length; i++)
        {
            name[i] = random.Next(4) == 0 ? letters[random.Next(letters.Length)] : (byte)'m';
        }

        return new ScopedName(random.Next(scopes), new Utf8Name(name));
    }

    private static void BehavesAsSortedDictionary<TKey>(int seed, Func<Random, int, TKey> next)
        where TKey : struct, IComparable<TKey>
    {
        var random = new Random(seed);
        var tree = new Tree<TKey, string>();
        var model = new SortedDictionary<TKey, string>();
        List<(FrozenTree<TKey, string> Frozen, KeyValuePair<TKey, string>[] Expected)> frozen = [];
        for (int step = 0; step < 30_000; step++)
        {
            TKey key = next(random, step);
            switch (random.Next(100))
            {
                case < 55:
                    tree.Set(key, $"{step}");
                    model[key] = $"{step}";
                    break;
                case < 90:
                    Assert.Equal(model.Remove(key), tree.Remove(key));
                    break;
                case < 99:
                    Assert.Equal(model.GetValueOrDefault(key), tree.Find(key));
                    TKey[] expected = [.. model.Keys.Where(k => k.CompareTo(key) >= 0).Take(1)];
                    bool found = tree.TryFirst(key, out TKey first, out _);
                    Assert.Equal(expected, found ? [first] : Array.Empty<TKey>());
                    break;
                default:
                    if (frozen.Count < 20)
                    {
                        frozen.Add((tree.Freeze(), [.. model]));
                    }

                    break;
            }
        }

        Assert.Equal(model.Count, tree.Count);
        Assert.Equal(model, tree.From(default));
        Assert.NotEmpty(frozen);
        foreach ((FrozenTree<TKey, string> copy, KeyValuePair<TKey, string>[] expected) in frozen)
        {
            Assert.Equal(expected.Length, copy.Count);
            Assert.Equal(expected, copy.All);
        }
    }

    [Fact]
    public void Keys_that_only_grow_fill_their_nodes_and_can_be_taken_from_the_front()
    {
        var tree = new Tree<Number, string>();
        for (int i = 0; i < 100_000; i++)
        {
            tree.Set(new Number(i), "x");
        }

        for (int i = 0; i < 100_000; i++)
        {
            Assert.True(tree.TryFirst(default, out Number first, out _));
            Assert.Equal(i, first.Value);
            tree.Remove(first);
        }

        Assert.False(tree.TryFirst(default, out _, out _));
    }
}
