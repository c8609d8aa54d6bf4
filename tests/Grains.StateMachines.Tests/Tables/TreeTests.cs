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
        int seed, int range, bool grows)
    {
        var random = new Random(seed);
        var tree = new Tree<Number, string>();
        var model = new SortedDictionary<int, string>();
        List<(FrozenTree<Number, string> Frozen, KeyValuePair<int, string>[] Expected)> frozen = [];
        for (int step = 0; step < 30_000; step++)
        {
            int key = !grows ? random.Next(range)
                : random.Next(2) == 0 ? step
                : Math.Max(0, step - random.Next(range));
            switch (random.Next(100))
            {
                case < 55:
                    tree.Set(new Number(key), $"{step}");
                    model[key] = $"{step}";
                    break;
                case < 90:
                    Assert.Equal(model.Remove(key), tree.Remove(new Number(key)));
                    break;
                case < 99:
                    Assert.Equal(model.GetValueOrDefault(key), tree.Find(new Number(key)));
                    int[] expected = [.. model.Keys.Where(k => k >= key).Take(1)];
                    bool found = tree.TryFirst(new Number(key), out Number first, out _);
                    Assert.Equal(expected, found ? [first.Value] : Array.Empty<int>());
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
        Assert.Equal(model, tree.From(default).ToDictionary(e => e.Key.Value, e => e.Value));
        Assert.NotEmpty(frozen);
        foreach ((FrozenTree<Number, string> copy, KeyValuePair<int, string>[] expected) in frozen)
        {
            Assert.Equal(expected.Length, copy.Count);
            Assert.Equal(expected, copy.All.Select(e => KeyValuePair.Create(e.Key.Value, e.Value)));
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
