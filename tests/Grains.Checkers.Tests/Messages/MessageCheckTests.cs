using Grains.Checkers.Messages;

namespace Grains.Checkers.Tests.Messages;

public class MessageCheckTests
{
    private static readonly Dictionary<string, MessageFate> _sent = new()
    {
        ["a"] = MessageFate.Acknowledged,
        ["b"] = MessageFate.Acknowledged,
        ["maybe"] = MessageFate.Unknown,
        ["refused"] = MessageFate.Refused,
    };

    [Fact]
    public void Every_acknowledged_message_once_holds_with_or_without_the_unknown_ones()
    {
        Assert.True(ExactlyOnceCheck.Check(_sent, ["a", "b"]).Holds);
        Assert.True(ExactlyOnceCheck.Check(_sent, ["b", "maybe", "a"]).Holds);
    }

    [Fact]
    public void A_lost_message_is_caught() => Assert.Equal(["b"], ExactlyOnceCheck.Check(_sent, ["a"]).Lost);

    [Fact]
    public void A_message_applied_twice_is_caught() =>
        Assert.Equal(["a"], ExactlyOnceCheck.Check(_sent, ["a", "b", "a"]).Repeated);

    [Fact]
    public void An_unknown_message_applied_twice_is_caught() =>
        Assert.Equal(["maybe"], ExactlyOnceCheck.Check(_sent, ["a", "b", "maybe", "maybe"]).Repeated);

    [Fact]
    public void An_effect_that_nobody_sent_or_that_was_refused_is_caught() =>
        Assert.Equal(["refused", "x"], ExactlyOnceCheck.Check(_sent, ["a", "b", "refused", "x"]).Invented);

    [Fact]
    public void A_counter_must_be_what_was_acknowledged_plus_at_most_what_is_unknown()
    {
        var acknowledged = new Dictionary<string, long> { ["n"] = 3 };
        var unknown = new Dictionary<string, long> { ["n"] = 1 };
        Assert.Empty(Of(3));
        Assert.Empty(Of(4));
        Assert.Equal(["n is 2, but must be 3 to 4"], Of(2));
        Assert.Equal(["n is 5, but must be 3 to 4"], Of(5));

        IReadOnlyList<string> Of(long actual) =>
            CountersCheck.Check(acknowledged, unknown, new Dictionary<string, long> { ["n"] = actual });
    }

    [Fact]
    public void A_counter_that_nobody_counts_on_must_be_nought() =>
        Assert.Equal(
            ["n is 1, but must be 0"],
            CountersCheck.Check(
                new Dictionary<string, long>(), new Dictionary<string, long>(), new Dictionary<string,
                long> { ["n"] = 1 }));
}
