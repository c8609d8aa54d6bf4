using Grains.Checkers.Registers;

namespace Grains.Checkers.Tests;

public class HistoryTests
{
    private long _now;

    [Fact]
    public void An_operation_that_certainly_failed_is_not_in_the_history()
    {
        History<RegisterCall, RegisterResult> history = NewHistory();
        int process = history.NewProcess();
        history.Invoke(process, "k", RegisterCall.Put("a"));
        history.Fail(process, "connection refused");
        Assert.Empty(history.Operations());
        Assert.Equal(1, history.FailCount);
    }

    [Fact]
    public void After_an_unknown_end_the_client_goes_on_under_another_number()
    {
        History<RegisterCall, RegisterResult> history = NewHistory();
        int process = history.NewProcess();
        history.Invoke(process, "k", RegisterCall.Put("a"));
        int next = history.Unknown(process, "timeout");
        Assert.NotEqual(process, next);
        Assert.False(Assert.Single(history.Operations()).IsKnown);
    }

    [Fact]
    public void A_process_that_starts_a_second_operation_is_refused()
    {
        History<RegisterCall, RegisterResult> history = NewHistory();
        history.Invoke(1, "k", RegisterCall.Get);
        Assert.Throws<InvalidOperationException>(() => history.Invoke(1, "k", RegisterCall.Get));
    }

    [Fact]
    public void An_operation_still_running_has_an_unknown_end()
    {
        History<RegisterCall, RegisterResult> history = NewHistory();
        history.Invoke(1, "k", RegisterCall.Get);
        Assert.False(Assert.Single(history.Operations()).IsKnown);
    }

    [Fact]
    public void The_log_gets_a_line_per_event()
    {
        var lines = new StringWriter();
        var history = new History<RegisterCall, RegisterResult>(new HistoryLog(lines), () => ++_now);
        history.Invoke(1, "k", RegisterCall.Put("a"));
        history.Ok(1, RegisterResult.Written(3));
        Assert.Equal(
            """
            {"i":0,"p":1,"t":"invoke","k":"k","v":"Put a","ns":1}
            {"i":1,"p":1,"t":"ok","k":"k","v":"Written v3","ns":2}

            """,
            lines.ToString());
    }

    private History<RegisterCall, RegisterResult> NewHistory() => new(null, () => ++_now);
}
