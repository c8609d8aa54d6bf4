using Grains.Handlers.Push;
using Grains.Operations.Declarations;
using Microsoft.Extensions.Time.Testing;

namespace Grains.Handlers.Tests.Push;

public sealed class PushTargetsTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void The_least_busy_one_is_next()
    {
        PushTargets targets = Of("http://a/", "http://b/", "http://c/");
        string[] taken = [.. Enumerable.Range(0, 3).Select(_ => targets.Take()!.Url.Host)];
        Assert.Equal(["a", "b", "c"], taken.Order());
    }

    [Fact]
    public void One_that_fails_three_times_in_a_row_is_out_a_while_and_comes_back_with_one_request()
    {
        PushTargets targets = Of("http://a/");
        Fail(targets, 2);
        Assert.Null(targets.Suspension);
        Fail(targets, 1);
        Assert.Null(targets.Take());
        Assert.Equal(TimeSpan.FromSeconds(1), targets.Suspension!.Value.For);
        Assert.Contains("refused", targets.Suspension.Value.Why, StringComparison.Ordinal);

        _time.Advance(TimeSpan.FromSeconds(1));
        PushTargets.Taken probe = targets.Take()!;
        Assert.Null(targets.Take());
        targets.Failed(probe, "refused");
        Assert.Equal(TimeSpan.FromSeconds(2), targets.Suspension!.Value.For);

        _time.Advance(TimeSpan.FromSeconds(2));
        targets.Succeeded(targets.Take()!);
        Assert.NotNull(targets.Take());
        Assert.NotNull(targets.Take());
    }

    [Fact]
    public void It_is_never_out_longer_than_half_a_minute()
    {
        PushTargets targets = Of("http://a/");
        for (int i = 0; i < 20; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(30));
            Fail(targets, 1);
        }

        Assert.Equal(TimeSpan.FromSeconds(30), targets.Suspension!.Value.For);
    }

    [Fact]
    public void Requests_that_were_out_together_and_fail_together_put_it_out_for_the_shortest_time()
    {
        PushTargets targets = Of("http://a/");
        PushTargets.Taken[] taken = [.. Enumerable.Range(0, 64).Select(_ => targets.Take()!)];
        foreach (PushTargets.Taken one in taken)
        {
            targets.Failed(one, "refused");
        }

        Assert.Equal(TimeSpan.FromSeconds(1), targets.Suspension!.Value.For);
    }

    [Fact]
    public void An_old_request_that_still_runs_does_not_keep_it_out()
    {
        PushTargets targets = Of("http://a/");
        PushTargets.Taken old = targets.Take()!;
        Fail(targets, 3);
        _time.Advance(TimeSpan.FromSeconds(1));
        PushTargets.Taken probe = targets.Take()!;
        Assert.Null(targets.Take());
        targets.Succeeded(probe);
        Assert.NotNull(targets.Take());
        targets.GivenUp(old);
    }

    [Fact]
    public void A_success_between_two_failures_keeps_it_in()
    {
        PushTargets targets = Of("http://a/");
        for (int i = 0; i < 10; i++)
        {
            Fail(targets, 2);
            targets.Succeeded(targets.Take()!);
        }

        Assert.Null(targets.Suspension);
    }

    private PushTargets Of(params string[] urls) => new(
        new HandlerSnapshot { Kind = HandlerKind.Push, Urls = [.. urls.Select(u => new Uri(u))] }, _time);

    private static void Fail(PushTargets targets, int times)
    {
        for (int i = 0; i < times; i++)
        {
            targets.Failed(targets.Take()!, "refused");
        }
    }
}
