using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Grains.Silo.Loops;
using Grains.Silo.Ownership;
using Grains.Silo.Partitions;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Slots;

namespace Grains.Silo.Routing;

/// <summary>
/// The way of all doors to every partition: straight into the loop where it runs in this process, else by a grain call
/// that commands share. Gives each command an id, and repeats it under that id while the deadline allows.
/// </summary>
internal sealed class PartitionRouter(
    IGrainFactory grains, LocalPartitions local, PartitionOwners owners, PartitionReadiness readiness,
    RouterOptions options,
    TimeProvider time, Random? random = null) : IPartitions
{
    private static readonly Task<Answer> _nobody = Task.FromResult<Answer>(
        new NotOwner(
            MayHaveHappened: false,
            "No server is known to this one that may have partitions now: none is there, or all are drained or about "
            + "to stop."));

    /// <summary>Each further one only because other routers began in between.</summary>
    private const int _idsMax = 3;

    private readonly Random _random = random ?? Random.Shared;
    private readonly long _incarnation = CommandId.NewIncarnation(
        time.GetUtcNow().ToUnixTimeMilliseconds(), random ?? Random.Shared);
    private readonly ConcurrentDictionary<PartitionId, PartitionLink> _links = new();
    private readonly ConcurrentDictionary<PartitionId, CommandNumbers> _numbers = new();

    public SlotMap Slots => readiness.Settings.Slots ?? throw new SettingsUnknownException();

    public bool IsReady => readiness.IsReady;

    public ValueTask<Answer> ExecuteAsync(PartitionId partition, Command command, CancellationToken cancel)
    {
        if (command.Format.Refuse(readiness.Settings.Settings?.FormatLevel ?? FormatLevels.Newest) is { } tooOld)
        {
            return new(tooOld);
        }

        local.TryGet(partition, out PartitionLoop? loop);
        if (!NeedsId(command))
        {
            return loop?.TryAnswerAtOnce(command) is { } known ? new(known)
                : UntilAnsweredAsync(partition, command, cancel);
        }

        CommandNumbers numbers = NumbersOf(partition);
        if (loop is null || cancel.CanBeCanceled || !numbers.TryTake(out CommandId id))
        {
            return UnderIdAsync(partition, command, numbers, cancel);
        }

        var ticket = new RoutedTicket(this, partition, numbers, command with { Id = id }, time.GetTimestamp());
        if (command.IsFollowed)
        {
            loop.Post(ticket);
        }
        else
        {
            loop.Execute(ticket);
        }

        return ticket.AnswerAsync();
    }

    /// <summary>What is not simply answered by a loop of this process: until it is answered, or the deadline.</summary>
    /// <param name="ticket">Under its id, which it gives back.</param>
    /// <param name="first">What the loop said.</param>
    internal async ValueTask<Answer> GoOnAsync(RoutedTicket ticket, Answer first)
    {
        (PartitionId partition, CommandNumbers numbers, CommandId id) =
            (ticket.Partition, ticket.Numbers, ticket.Command.Id);
        try
        {
            Answer answer = first is NotOwner lost
                ? await RepeatAsync(partition, ticket.Command, lost, ticket.AskedAt, CancellationToken.None)
                : first;
            if (answer is not Refused { Code: Refusal.CommandTooOld, NewestIncarnation: > 0 } refused)
            {
                return answer;
            }

            // Its very first arrival was refused, so nothing of it was applied. This router was forgotten there,
            // because others began after it, or because its clock says so.
            numbers.RenewIncarnation(id.Incarnation, refused.NewestIncarnation);
        }
        finally
        {
            numbers.Release(id);
        }

        return await UnderIdAsync(partition, ticket.Command, numbers, CancellationToken.None, ids: 2);
    }

    private CommandNumbers NumbersOf(PartitionId partition) => _numbers.GetOrAdd(
        partition,
        static (_, router) => new CommandNumbers(
            router.Options.CommandWindow, router.Options.QueuedCommandsMax, router._incarnation, router._random),
        this);

    /// <param name="partition">Where to.</param>
    /// <param name="command">Without an id, or under one that is used no more.</param>
    /// <param name="numbers">Of that partition.</param>
    /// <param name="cancel">Ends the waiting.</param>
    /// <param name="ids">How many it has had, with the next one.</param>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<Answer> UnderIdAsync(
        PartitionId partition, Command command, CommandNumbers numbers, CancellationToken cancel, int ids = 1)
    {
        for (; ; ids++)
        {
            if (numbers.Take() is not { } turn)
            {
                return new Refused(Refusal.Overloaded,
                    $"Too many commands of this server to partition {partition} are unanswered; repeat in a moment.")
                {
                    RetryAfterMs = 100,
                };
            }

            CommandId id = await turn;
            try
            {
                Answer answer = await UntilAnsweredAsync(partition, command with { Id = id }, cancel);
                if (ids == _idsMax
                    || answer is not Refused { Code: Refusal.CommandTooOld, NewestIncarnation: > 0 } refused)
                {
                    return answer;
                }

                numbers.RenewIncarnation(id.Incarnation, refused.NewestIncarnation);
            }
            finally
            {
                numbers.Release(id);
            }
        }
    }

    private static bool NeedsId(Command command) => command.Id.IsNone && !command.MayRunTwice;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<Answer> UntilAnsweredAsync(PartitionId partition, Command command, CancellationToken cancel)
    {
        long begun = time.GetTimestamp();
        Answer answer = await SendAsync(partition, command, cancel);
        return answer is NotOwner lost ? await RepeatAsync(partition, command, lost, begun, cancel) : answer;
    }

    private async ValueTask<Answer> RepeatAsync(
        PartitionId partition, Command command, NotOwner lost, long asked, CancellationToken cancel)
    {
        // It may have waited inside the partition until now; the time to find an owner begins when one is missed.
        long begun = command.WaitsInside ? time.GetTimestamp() : asked;
        bool mayHaveHappened = lost.MayHaveHappened;
        for (int repeats = 0; ; repeats++)
        {
            int pauseMs = Math.Min(options.RepeatPauseMsMin << Math.Min(repeats, 16), options.RepeatPauseMsMax);
            pauseMs = (pauseMs / 2) + _random.Next((pauseMs / 2) + 1);
            if (time.GetElapsedTime(begun).TotalMilliseconds + pauseMs > options.DeadlineMs)
            {
                throw new PartitionUnavailableException(partition, command.IsRead || !mayHaveHappened, lost.Why);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(pauseMs), time, cancel);
            Answer answer = await SendAsync(partition, WithWaitLeft(command), cancel);
            if (answer is not NotOwner again)
            {
                // What may have been applied under this id is never repeated under another; and what is refused
                // leaves no trace under its id, so an attempt that is still on its way may yet be applied.
                return answer is Refused refused && mayHaveHappened && !command.Id.IsNone
                    ? refused with { NewestIncarnation = 0, IsUncertain = true }
                    : answer;
            }

            lost = again;
            mayHaveHappened |= again.MayHaveHappened;
        }

        Command WithWaitLeft(Command whole) => whole.WaitsInside
            ? whole with { WaitMs = Math.Max(0, whole.WaitMs - (long)time.GetElapsedTime(asked).TotalMilliseconds) }
            : whole;
    }

    private Task<Answer> SendAsync(PartitionId partition, Command command, CancellationToken cancel)
    {
        if (local.TryGet(partition, out PartitionLoop? loop))
        {
            return command.IsFollowed ? Post(loop, command) : loop.ExecuteAsync(command, cancel);
        }

        if (!owners.Servers.Any())
        {
            return _nobody;
        }

        PartitionLink link = _links.GetOrAdd(
            partition,
            static (id, router) =>
                new PartitionLink(id, router.Grains.GetPartition(id), router.Options, router.Time), this);
        if (command.WaitsInside)
        {
            return link.WaitAsync(command, cancel);
        }

        var ticket = new TaskTicket(command);
        link.Post(ticket);
        return cancel.CanBeCanceled ? ticket.Task.WaitAsync(cancel) : ticket.Task;
    }

    /// <summary>Whoever runs the loops does it: nothing runs here.</summary>
    private static Task<Answer> Post(PartitionLoop loop, Command command)
    {
        var ticket = new TaskTicket(command);
        loop.Post(ticket);
        return ticket.Task;
    }

    private IGrainFactory Grains => grains;

    private RouterOptions Options => options;

    private TimeProvider Time => time;
}
