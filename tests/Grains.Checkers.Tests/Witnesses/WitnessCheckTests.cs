using Grains.Checkers.Witnesses;

namespace Grains.Checkers.Tests.Witnesses;

public class WitnessCheckTests
{
    [Fact]
    public void Writes_and_reads_in_their_claimed_order_pass() =>
        Assert.Empty(WitnessCheck.Check(
            [Write(1, 1, 2, "a"), Write(2, 1, 5, "b"), Read(1, 1, 3, "a"), Read(2, 4, 6, "b"), Seen(2, 6, 7, "b")],
            dense: true));

    [Fact]
    public void A_revision_given_twice_is_caught() =>
        Says("given twice", Write(1, 1, 2, "a"), Write(1, 3, 4, "b"));

    [Fact]
    public void The_same_revision_in_two_partitions_is_no_violation() =>
        Assert.Empty(WitnessCheck.Check(
            [Write(1, 1, 2, "a"), Write(1, 3, 4, "b") with { Partition = 2, Key = "other" }], dense: true));

    [Fact]
    public void A_gap_is_caught_where_all_writers_were_recorded()
    {
        Witness[] withGap = [Write(1, 1, 2, "a"), Write(3, 3, 4, "b")];
        Assert.Contains("missing", Assert.Single(WitnessCheck.Check(withGap, dense: true)), StringComparison.Ordinal);
        Assert.Empty(WitnessCheck.Check(withGap, dense: false));
    }

    [Fact]
    public void An_epoch_that_falls_is_caught() =>
        Says("epoch falls", Write(1, 1, 2, "a") with { Epoch = 2 }, Write(2, 3, 4, "b") with { Epoch = 1 });

    [Fact]
    public void A_write_with_a_lower_revision_than_one_answered_before_it_was_asked_is_caught() =>
        Says("lower revision", Write(2, 1, 2, "a"), Write(1, 3, 4, "b"));

    [Fact]
    public void Writes_that_overlap_may_have_their_revisions_in_any_order() =>
        Assert.Empty(WitnessCheck.Check([Write(2, 1, 4, "a"), Write(1, 3, 6, "b")], dense: true));

    [Fact]
    public void A_stale_read_is_caught() =>
        Says("stale", Write(1, 1, 2, "a"), Write(2, 3, 4, "b"), Read(1, 5, 6, "a"));

    [Fact]
    public void A_read_from_the_future_is_caught() =>
        Says("future", Write(1, 5, 6, "a"), Read(1, 1, 2, "a"));

    [Fact]
    public void A_read_that_a_replay_would_not_give_is_caught() =>
        Says("replay gives a", Write(1, 1, 2, "a"), Read(1, 3, 4, "b"));

    [Fact]
    public void A_key_seen_at_a_version_older_than_one_answered_before_is_caught() =>
        Says("stale", Write(1, 1, 2, "a"), Write(2, 3, 4, "b"), Seen(1, 5, 6, "a"));

    [Fact]
    public void A_version_seen_with_another_value_than_was_written_is_caught() =>
        Says("two values", Write(1, 1, 2, "a"), Seen(1, 3, 4, "b"));

    private static void Says(string what, params Witness[] witnesses) =>
        Assert.Contains(
            WitnessCheck.Check(witnesses, dense: false), v => v.Contains(what, StringComparison.Ordinal));

    private static Witness Write(long revision, long callNs, long returnNs, string value) =>
        New(WitnessKind.Write, revision, callNs, returnNs, value);

    private static Witness Read(long revision, long callNs, long returnNs, string value) =>
        New(WitnessKind.Read, revision, callNs, returnNs, value);

    private static Witness Seen(long revision, long callNs, long returnNs, string value) =>
        New(WitnessKind.Seen, revision, callNs, returnNs, value);

    private static Witness New(WitnessKind kind, long revision, long callNs, long returnNs, string value) => new()
    {
        Kind = kind,
        Partition = 1,
        Revision = revision,
        Key = "k",
        Value = value,
        CallNs = callNs,
        ReturnNs = returnNs,
    };
}
