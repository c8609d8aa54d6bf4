using Grains.Silo.Loops;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Clocks;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;
using Grains.StateMachines.Mailboxes;
using Grains.StateMachines.Timers;
using Microsoft.Extensions.Logging;
using static Grains.Silo.Tests.Partitions.PartitionWorld;

namespace Grains.Silo.Tests.Partitions;

/// <summary>A loop whose server's wall clock is set, while its monotonic clock goes on.</summary>
public sealed class WallClockTests
{
    private const long _hourMs = 3_600_000;
    private static readonly ServiceId _service = new(8);

    private readonly SteppingTime _time = new();
    private readonly LogLines _log = new();

    private long WallMs => _time.GetUtcNow().ToUnixTimeMilliseconds();

    [Fact]
    public async Task Set_ahead_what_has_a_time_comes_without_any_command_and_what_has_a_delay_does_not()
    {
        PartitionLoop loop = await OpenAsync(new PartitionWorld());
        await Answered<MessageAccepted>(loop, Send("at", new Due(0, WallMs + _hourMs)));
        await Answered<MessageAccepted>(loop, Send("delayed", new Due(_hourMs, 0)));
        await Answered<TimerChanged>(loop, Timer("cron", "0 * * * *"));
        await Answered<KeyWritten>(loop, Put("key", "v") with { TtlMs = _hourMs });
        await Answered<MessageAccepted>(loop, Send("any", default));
        var receive = new Receive
        {
            Service = _service, Node = new Utf8Name("at"), ServiceName = "s", MaxMessages = 1, LeaseMs = 1_000,
            WaitMs = 15_000, MaxAttempts = 3,
        };
        Task<Answer> waiting = loop.ExecuteAsync(receive, CancellationToken.None);
        _time.OffsetMs = _hourMs + 1;
        await Answered<DeliveryGiven>(waiting);
        await Until(async () => await WaitingAsync(loop, "cron") == 1);
        Assert.Equal(0, await WaitingAsync(loop, "delayed"));
        await Answered<KeyFound>(loop, Get("key"));
    }

    [Fact]
    public async Task Set_back_nothing_comes_early_a_timer_goes_on_and_the_log_says_that_records_are_ahead()
    {
        _time.OffsetMs = 48 * _hourMs;
        PartitionLoop loop = await OpenAsync(new PartitionWorld());
        await Answered<TimerChanged>(loop, Timer("second", "* * * * * *"));
        Assert.Equal(0, loop.Figures.AheadMs);
        _time.OffsetMs = 0;
        await Answered<MessageAccepted>(loop, Send("at", new Due(0, WallMs + 600_000)));
        await Until(async () => await WaitingAsync(loop, "second") == 1);
        Assert.Equal(0, await WaitingAsync(loop, "at"));
        Assert.InRange(loop.Figures.AheadMs, 47 * _hourMs, 48 * _hourMs);
        await Until(async () =>
        {
            await Answered<KeyWritten>(loop, Put("any", "v"));
            return _log.Lines.Any(l => l.Contains("ahead of this server's wall clock", StringComparison.Ordinal));
        });
    }

    [Fact]
    public async Task After_an_owner_whose_clock_was_ahead_the_next_one_with_a_right_clock_keeps_the_times()
    {
        _time.OffsetMs = 48 * _hourMs;
        var world = new PartitionWorld();
        PartitionLoop first = await OpenAsync(world);
        await Answered<TimerChanged>(first, Timer("second", "* * * * * *"));
        await Answered<KeyWritten>(first, Put("key", "v") with { TtlMs = 1_500 });
        await first.HandOverAsync();

        _time.OffsetMs = 0;
        PartitionLoop next = await OpenAsync(new PartitionWorld(world.Disk));
        await Answered<MessageAccepted>(next, Send("at", new Due(0, WallMs + 600_000)));
        Assert.Equal(0, await WaitingAsync(next, "at"));
        await Until(async () => await WaitingAsync(next, "second") == 1);
        await Until(
            async () =>
                await next.ExecuteAsync(Get("key"), CancellationToken.None) is Refused { Code: Refusal.NotFound });
    }

    [Fact]
    public async Task A_timer_that_cannot_be_read_here_is_in_the_log_and_in_the_figures()
    {
        bool isKnown = true;
        var world = new PartitionWorld();
        PartitionLoop loop = await OpenAsync(
            world, (_, _, afterMs) => Volatile.Read(ref isKnown) ? afterMs + 100 : TimerTimes.NotKnown);
        await Answered<TimerChanged>(loop, Timer("a", "anything"));
        Volatile.Write(ref isKnown, false);
        await Until(async () =>
        {
            await Answered<KeyWritten>(loop, Put("any", "v"));
            return loop.Figures.Last.TimersUnreadable == 1
                && _log.Lines.Any(l => l.Contains("Timer 't' of node 'a'", StringComparison.Ordinal));
        });
    }

    private async Task<PartitionLoop> OpenAsync(PartitionWorld world, TimerSchedule? schedule = null)
    {
        PartitionRuntime runtime = world.Runtime with { Time = _time, Logs = _log };
        runtime = schedule is null ? runtime : runtime with { Schedule = schedule };
        RecoveryOutcome outcome = await PartitionRecovery.RunAsync(P0, runtime, 0, CancellationToken.None);
        var loop = new PartitionLoop(outcome.Owned!, runtime);
        loop.Start();
        return loop;
    }

    private static async Task<int> WaitingAsync(PartitionLoop loop, string node)
    {
        var get = new GetNode { Service = _service, Node = new Utf8Name(node) };
        return await loop.ExecuteAsync(get, CancellationToken.None) is NodeFound found ? found.Node.Waiting : 0;
    }

    private static SendMessage Send(string node, Due due) => new()
    {
        Service = _service, Node = new Utf8Name(node), Content = MessageContent.Empty, MailboxLimit = 100, Due = due,
    };

    private static ChangeTimer Timer(string node, string cron) => new()
    {
        Service = _service,
        Node = new Utf8Name(node),
        Timer = new TimerChange { Name = new Utf8Name("t"), Cron = cron, Content = MessageContent.Empty },
        MailboxLimit = 100,
    };

    private sealed class SteppingTime : TimeProvider
    {
        private long _offsetMs;

        public long OffsetMs
        {
            get => Volatile.Read(ref _offsetMs);
            set => Volatile.Write(ref _offsetMs, value);
        }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddMilliseconds(OffsetMs);
    }

    private sealed class LogLines : ILogger, ILoggerFactory
    {
        private readonly List<string> _lines = [];

        public string[] Lines
        {
            get
            {
                lock (_lines)
                {
                    return [.. _lines];
                }
            }
        }

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public void Dispose()
        {
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?,
            string> formatter)
        {
            lock (_lines)
            {
                _lines.Add(formatter(state, exception));
            }
        }
    }
}
