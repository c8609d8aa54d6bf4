using Grains.Simulation.Tests.World;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Clocks;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;
using Grains.StateMachines.Timers;

namespace Grains.Simulation.Tests.Workload;

/// <summary>
/// Sends messages that are to come after a delay, or at a time, and watches that none comes before: a delay is counted
/// whatever the wall clocks do, a time as far as they are right. In each partition a timer fires every second. When
/// the faults are over and the owner's clock is right, nothing is late, and no time is early.
/// </summary>
internal sealed class TimedClient(SimWorld world)
{
    /// <summary>Clocks count whole milliseconds.</summary>
    private const int _graceMs = 2;

    /// <summary>A wall clock is looked at every second; and a turn takes its time.</summary>
    private const int _lateMsMax = 1_500;

    /// <summary>
    /// An owner that finds timers set by another's clock believes a difference of more than ten seconds.
    /// </summary>
    private const int _believedMs = 10_000;

    private const int _waitMsMax = 3_000;

    private static readonly Utf8Name _clock = new("clock");

    private readonly Caller _caller = new(world);
    private readonly List<Sent> _sent = [];
    private int _messages;

    private Random Random => world.Kernel.Random;

    public async Task RunAsync()
    {
        foreach (PartitionId partition in world.Partitions)
        {
            await SetTimerAsync(partition);
        }

        while (!world.IsHealing)
        {
            if (await SendAsync(Random.Next(2) == 0) is { } sent)
            {
                for (int reads = 0; reads < 3; reads++)
                {
                    await world.DelayAsync(Random.Next(sent.WaitMs));
                    await LookAsync(sent, world.Plan.ClockSkewMs);
                }
            }

            if (Random.Next(4) == 0)
            {
                await SetTimerAsync(new PartitionId((uint)Random.Next(world.Plan.Partitions)));
            }
        }
    }

    /// <summary>One sound owner has had all partitions for some seconds.</summary>
    public async Task CheckAsync()
    {
        await world.DelayAsync(_waitMsMax + _lateMsMax);
        foreach (Sent sent in _sent)
        {
            await LookAsync(sent, world.Plan.ClockSkewMs, mustBeOver: true);
        }

        foreach (PartitionId partition in world.Partitions)
        {
            await CheckTimerAsync(partition);
        }

        for (int i = 0; i < 3; i++)
        {
            // Who said nothing for long is told to call itself by a newer name; that is all that may stand in the way.
            if ((await SendAsync(isAtTime: true) ?? await SendAsync(isAtTime: true)) is not { } sent)
            {
                world.Violation("a sound owner took no message, asked twice");
                return;
            }

            await LookAsync(sent, skewMs: 0);
            await world.DelayAsync(Math.Max(0, sent.AtMs - world.WallMs - 10));
            await LookAsync(sent, skewMs: 0);
            await world.DelayAsync(10 + _lateMsMax);
            await LookAsync(sent, skewMs: 0, mustBeOver: true);
        }

        await RestAsync();
    }

    /// <summary>
    /// What fires every second would go on writing while states are compared, and what nobody takes would stay.
    /// </summary>
    private async Task RestAsync()
    {
        foreach (PartitionId partition in world.Partitions)
        {
            Outcome outcome;
            do
            {
                outcome = await _caller.CallAsync(partition, new DropService(Names.Timed));
            }
            while (outcome.Answer is Dropped { Remaining: true });
        }
    }

    private async Task SetTimerAsync(PartitionId partition) => await _caller.CallAsync(partition, new ChangeTimer
    {
        Service = Names.Timed,
        Node = _clock,
        Timer = new TimerChange { Name = _clock, Cron = "* * * * * *", Content = Names.Content("tick") },
        MailboxLimit = 1_000_000,
    });

    private async Task<Sent?> SendAsync(bool isAtTime)
    {
        int waitMs = Random.Next(100, _waitMsMax);
        var sent = new Sent(world.Kernel.NowNs, waitMs, isAtTime ? world.WallMs + waitMs : 0);
        Outcome outcome = await _caller.CallAsync(
            new PartitionId((uint)Random.Next(world.Plan.Partitions)), new SendMessage
        {
            Service = Names.Timed,
            Node = new Utf8Name($"d{++_messages}"),
            Content = Names.Content("timed"),
            MailboxLimit = 1_000_000,
            Due = isAtTime ? new Due(0, sent.AtMs) : new Due(waitMs, 0),
        });
        if (outcome.Answer is not MessageAccepted accepted)
        {
            return null;
        }

        sent = sent with { Id = accepted.Message };
        _sent.Add(sent);
        world.Count(isAtTime ? "messages for a time" : "messages with a delay");
        return sent;
    }

    private async Task LookAsync(Sent sent, int skewMs, bool mustBeOver = false)
    {
        Outcome outcome = await _caller.CallAsync(sent.Id.Partition, new GetMessage(Names.Timed, sent.Id), 500);
        if (outcome.Answer is not MessageFound found)
        {
            return;
        }

        long leftMs = sent.AtMs > 0
            ? sent.AtMs - world.WallMs - skewMs
            : sent.WaitMs - ((world.Kernel.NowNs - sent.CallNs) / 1_000_000);
        world.Note($"timed {sent} {found.Status} {leftMs}");
        if (found.Status != MessageStatus.Delayed && leftMs > _graceMs)
        {
            world.Violation($"message {sent} came {leftMs} ms before its time");
        }

        if (found.Status == MessageStatus.Delayed && mustBeOver)
        {
            world.Violation(
                $"message {sent} has not come {-leftMs} ms after its time, due {found.Message!.DueMs - world.WallMs} "
                + "ms from now");
        }
    }

    private async Task CheckTimerAsync(PartitionId partition)
    {
        Outcome outcome = await _caller.CallAsync(partition, new ListTimers { Service = Names.Timed, Node = _clock });
        foreach (TimerView timer in outcome.Answer is TimersFound found ? found.Timers : [])
        {
            if (Math.Abs(timer.DueMs - world.WallMs) > _believedMs + _lateMsMax + 1_000)
            {
                world.Violation(
                    $"the timer of {partition} that fires every second fires {timer.DueMs - world.WallMs} ms from now");
            }
        }
    }

    private sealed record Sent(long CallNs, int WaitMs, long AtMs)
    {
        public MessageId Id { get; init; }
    }
}
