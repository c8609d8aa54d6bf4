using Grains.Checkers.Linearizability;
using Grains.Checkers.Registers;

namespace Grains.Checkers.Tests.Linearizability;

public class WglCheckerTests
{
    private static readonly RegisterCall _get = RegisterCall.Get;

    [Fact]
    public void An_empty_history_is_linearizable() => Holds(new RegisterHistory());

    [Fact]
    public void Operations_one_after_another_that_agree_with_the_model_are_linearizable() =>
        Holds(new RegisterHistory()
            .Add(1, 2, _get, RegisterResult.Absent)
            .Add(3, 4, RegisterCall.Put("a"), RegisterResult.Written(5))
            .Add(5, 6, _get, RegisterResult.Found("a", 5))
            .Add(7, 8, RegisterCall.Put("b", ifVersion: 5), RegisterResult.Written(9))
            .Add(9, 10, RegisterCall.Put("c", ifVersion: 5), RegisterResult.Mismatch(9))
            .Add(11, 12, RegisterCall.Delete(), RegisterResult.Deleted)
            .Add(13, 14, RegisterCall.Delete(), RegisterResult.Absent)
            .Add(15, 16, RegisterCall.Put("d", ifVersion: 0), RegisterResult.Written(12)));

    [Fact]
    public void A_read_that_overlaps_a_write_may_see_either_value()
    {
        Holds(Overlapping(RegisterResult.Absent));
        Holds(Overlapping(RegisterResult.Found("a", 1)));

        static RegisterHistory Overlapping(RegisterResult seen) => new RegisterHistory()
            .Add(1, 10, RegisterCall.Put("a"), RegisterResult.Written(1))
            .Add(2, 9, _get, seen);
    }

    [Fact]
    public void A_stale_read_is_caught() =>
        Fails(new RegisterHistory()
            .Add(1, 2, RegisterCall.Put("a"), RegisterResult.Written(1))
            .Add(3, 4, RegisterCall.Put("b"), RegisterResult.Written(2))
            .Add(5, 6, _get, RegisterResult.Found("a", 1)));

    [Fact]
    public void Two_reads_that_see_overlapping_writes_in_turns_are_caught() =>
        Fails(new RegisterHistory()
            .Add(1, 20, RegisterCall.Put("a"), RegisterResult.Written(1))
            .Add(1, 20, RegisterCall.Put("b"), RegisterResult.Written(2))
            .Add(3, 4, _get, RegisterResult.Found("b", 2))
            .Add(5, 6, _get, RegisterResult.Found("a", 1)));

    [Fact]
    public void A_lost_acknowledged_write_is_caught() =>
        Fails(new RegisterHistory()
            .Add(1, 2, RegisterCall.Put("a"), RegisterResult.Written(1))
            .Add(3, 4, _get, RegisterResult.Absent));

    [Fact]
    public void A_lost_acknowledged_delete_is_caught() =>
        Fails(new RegisterHistory()
            .Add(1, 2, RegisterCall.Put("a"), RegisterResult.Written(1))
            .Add(3, 4, RegisterCall.Delete(), RegisterResult.Deleted)
            .Add(5, 6, _get, RegisterResult.Found("a", 1)));

    [Fact]
    public void A_compare_and_set_that_counts_twice_at_one_version_is_caught() =>
        Fails(new RegisterHistory()
            .Add(1, 2, RegisterCall.Put("a"), RegisterResult.Written(1))
            .Add(3, 9, RegisterCall.Put("b", ifVersion: 1), RegisterResult.Written(2))
            .Add(3, 9, RegisterCall.Put("c", ifVersion: 1), RegisterResult.Written(3)));

    [Fact]
    public void A_version_that_is_used_again_after_a_delete_is_caught() =>
        Fails(new RegisterHistory()
            .Add(1, 2, RegisterCall.Put("a"), RegisterResult.Written(4))
            .Add(3, 4, RegisterCall.Delete(), RegisterResult.Deleted)
            .Add(5, 6, RegisterCall.Put("a"), RegisterResult.Written(4)));

    [Fact]
    public void A_refusal_that_names_a_version_which_is_not_current_is_caught() =>
        Fails(new RegisterHistory()
            .Add(1, 2, RegisterCall.Put("a"), RegisterResult.Written(1))
            .Add(3, 4, RegisterCall.Put("b"), RegisterResult.Written(2))
            .Add(5, 6, RegisterCall.Put("c", ifVersion: 7), RegisterResult.Mismatch(1)));

    [Fact]
    public void A_refusal_at_the_version_that_was_asked_for_is_caught() =>
        Fails(new RegisterHistory()
            .Add(1, 2, RegisterCall.Put("a"), RegisterResult.Written(1))
            .Add(3, 4, RegisterCall.Put("b", ifVersion: 1), RegisterResult.Mismatch(1)));

    [Fact]
    public void A_write_whose_answer_was_lost_may_have_happened_late_or_never()
    {
        RegisterHistory Lost() => new RegisterHistory().AddUnknown(1, RegisterCall.Put("a"));
        Holds(Lost());
        Holds(Lost().Add(2, 3, _get, RegisterResult.Absent));
        Holds(Lost().Add(2, 3, _get, RegisterResult.Absent).Add(4, 5, _get, RegisterResult.Found("a", 3)));
        Holds(Lost().Add(2, 3, RegisterCall.Put("b", ifVersion: 9), RegisterResult.Mismatch(3))
            .Add(4, 5, _get, RegisterResult.Found("a", 3)));
    }

    [Fact]
    public void A_write_whose_answer_was_lost_does_not_happen_twice() =>
        Fails(new RegisterHistory()
            .AddUnknown(1, RegisterCall.Put("a"))
            .Add(2, 3, _get, RegisterResult.Found("a", 3))
            .Add(4, 5, RegisterCall.Put("b"), RegisterResult.Written(4))
            .Add(6, 7, _get, RegisterResult.Found("a", 5)));

    [Fact]
    public void A_value_that_nobody_wrote_is_caught() =>
        Fails(new RegisterHistory().Add(1, 2, _get, RegisterResult.Found("x", 1)));

    [Fact]
    public void A_search_over_its_limit_proves_nothing()
    {
        var history = new RegisterHistory();
        for (int i = 0; i < 12; i++)
        {
            history.AddUnknown(1, RegisterCall.Put($"v{i}"));
        }

        history.Add(2, 3, _get, RegisterResult.Found("nobody", 1));
        WglResult result = WglChecker.Check(
            new RegisterModel(), history.Operations, new WglLimits { ConfigurationsMax = 100 });
        Assert.Equal(Verdict.Unknown, result.Verdict);
    }

    [Fact]
    public void Keys_are_judged_one_by_one_and_only_the_bad_ones_are_named()
    {
        var bad = new RegisterHistory().Add(1, 2, _get, RegisterResult.Found("x", 1));
        var good = new RegisterHistory().Add(1, 2, _get, RegisterResult.Absent);
        IReadOnlyDictionary<string, WglResult> found = WglChecker.CheckKeys(
            new RegisterModel(),
            bad.Operations.Select(o => o with { Key = "bad" }).Concat(good.Operations));
        Assert.Equal(["bad"], found.Keys);
        Assert.Contains("Found x", found["bad"].Explanation, StringComparison.Ordinal);
    }

    private static void Holds(RegisterHistory history)
    {
        WglResult result = WglChecker.Check(new RegisterModel(), history.Operations);
        Assert.True(result.Verdict == Verdict.Linearizable, result.Explanation);
    }

    private static void Fails(RegisterHistory history) =>
        Assert.Equal(Verdict.Illegal, WglChecker.Check(new RegisterModel(), history.Operations).Verdict);
}
