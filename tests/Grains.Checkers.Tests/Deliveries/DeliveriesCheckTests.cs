using Grains.Checkers.Deliveries;

namespace Grains.Checkers.Tests.Deliveries;

public class DeliveriesCheckTests
{
    [Fact]
    public void Hand_outs_with_growing_tokens_each_ended_before_the_next_hold() =>
        Assert.Empty(DeliveriesCheck.Check(
        [
            Act(DeliveryActKind.HandedOut, token: 5, call: 1, end: 2),
            Act(DeliveryActKind.Renewed, token: 5, call: 3, end: 4),
            Act(DeliveryActKind.Committed, token: 5, call: 5, end: 6),
            Act(DeliveryActKind.HandedOut, token: 9, call: 3, end: 7),
        ]));

    [Fact]
    public void A_renewal_asked_for_before_the_next_hand_out_was_known_may_still_have_come_first() =>
        Assert.Empty(DeliveriesCheck.Check(
        [
            Act(DeliveryActKind.HandedOut, token: 5, call: 1, end: 2),
            Act(DeliveryActKind.HandedOut, token: 9, call: 3, end: 7),
            Act(DeliveryActKind.Renewed, token: 5, call: 6, end: 10),
        ]));

    [Theory]
    [InlineData(DeliveryActKind.Renewed)]
    [InlineData(DeliveryActKind.Committed)]
    public void A_delivery_renewed_or_committed_after_the_next_one_was_given_is_caught(DeliveryActKind kind)
    {
        DeliveryAct late = Act(kind, token: 5, call: 8, end: 10);
        string violation = Assert.Single(DeliveriesCheck.Check(
        [
            Act(DeliveryActKind.HandedOut, token: 5, call: 1, end: 2),
            Act(DeliveryActKind.HandedOut, token: 9, call: 3, end: 7),
            late,
        ]));
        Assert.Contains(late.ToString(), violation, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_node_does_not_matter() =>
        Assert.Empty(DeliveriesCheck.Check(
        [
            Act(DeliveryActKind.HandedOut, token: 5, call: 1, end: 2),
            Act(DeliveryActKind.HandedOut, token: 9, call: 3, end: 7) with { Node = "other" },
            Act(DeliveryActKind.Renewed, token: 5, call: 8, end: 10),
        ]));

    [Fact]
    public void A_token_that_falls_is_caught() =>
        Assert.Single(DeliveriesCheck.Check(
        [
            Act(DeliveryActKind.HandedOut, token: 9, call: 1, end: 2),
            Act(DeliveryActKind.HandedOut, token: 5, call: 3, end: 4),
        ]));

    [Fact]
    public void A_token_given_twice_at_once_is_caught() =>
        Assert.Single(DeliveriesCheck.Check(
        [
            Act(DeliveryActKind.HandedOut, token: 5, call: 1, end: 3),
            Act(DeliveryActKind.HandedOut, token: 5, call: 2, end: 4),
        ]));

    private static DeliveryAct Act(DeliveryActKind kind, long token, long call, long end) =>
        new(kind, "node", token, call, end);
}
