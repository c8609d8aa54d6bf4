using Grains.StateMachines.Memory;

namespace Grains.StateMachines.Tests.Tables;

public sealed class FairRoomTests
{
    private readonly FairRoom<string, object> _room = new(4);

    [Fact]
    public void One_owner_alone_may_have_all_places_and_not_one_more()
    {
        Assert.All(Enumerable.Range(0, 4), _ => Assert.True(Enter("a", out object? _)));
        Assert.False(Enter("a", out object? sent));
        Assert.Null(sent);
        Assert.Equal(4, _room.Count);
    }

    [Fact]
    public void A_newcomer_gets_the_newest_place_of_who_has_most_until_all_have_as_many()
    {
        object[] hogs = [.. Enumerable.Range(0, 4).Select(_ => new object())];
        Assert.All(hogs, h => Assert.True(_room.TryEnter("hog", h, out object? _)));
        Assert.True(Enter("b", out object? first));
        Assert.Same(hogs[3], first);
        Assert.True(Enter("b", out object? second));
        Assert.Same(hogs[2], second);
        Assert.False(Enter("b", out _));
        Assert.False(Enter("hog", out _));
        Assert.True(Enter("c", out object? third));
        Assert.NotNull(third);
        Assert.Equal((4, 1), (_room.Count, _room.PlacesOf("c")));
    }

    [Fact]
    public void Who_left_or_was_sent_leaves_once_and_who_is_in_stays_in()
    {
        object guest = new();
        Assert.True(_room.TryEnter("a", guest, out _));
        Assert.True(_room.TryEnter("a", guest, out _));
        Assert.Equal(1, _room.Count);
        _room.Leave(guest);
        _room.Leave(guest);
        Assert.Equal((0, 0), (_room.Count, _room.PlacesOf("a")));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Nobody_is_sent_while_he_has_no_more_than_an_equal_share(int seed)
    {
        var random = new Random(seed);
        var room = new FairRoom<int, object>(64);
        Dictionary<object, int> inside = [];
        for (int i = 0; i < 20_000; i++)
        {
            int owner = random.Next(4) == 0 ? random.Next(8) : 0;
            object guest = new();
            if (random.Next(3) == 0 && inside.Count > 0)
            {
                object gone = inside.Keys.First();
                room.Leave(gone);
                inside.Remove(gone);
            }

            int owners = inside.Values.Append(owner).Distinct().Count();
            int had = inside.Values.Count(o => o == owner);
            bool isIn = room.TryEnter(owner, guest, out object? sent);
            Assert.True(isIn || had >= (64 / owners) - 1, $"owner {owner} has {had} of 64 places among {owners}");
            if (sent is not null)
            {
                Assert.True(inside.Values.Count(o => o == inside[sent]) > 64 / owners);
                Assert.True(inside.Remove(sent));
            }

            if (isIn)
            {
                inside.Add(guest, owner);
            }

            Assert.Equal(inside.Count, room.Count);
            Assert.Equal(inside.Values.Count(o => o == owner), room.PlacesOf(owner));
        }
    }

    private bool Enter(string owner, out object? sent) => _room.TryEnter(owner, new object(), out sent);
}
