using Grains.Journal;
using Grains.Silo.Loops;
using Grains.Simulation.Tests.World;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Outboxes;

namespace Grains.Simulation.Tests.Planted;

/// <summary>The bugs that the simulation must find. The names B1 … are those of the list of planted bugs.</summary>
internal static class Plants
{
    public static readonly IReadOnlyDictionary<string, Func<Plant>> All = new Dictionary<string, Func<Plant>>
    {
        ["B1 no epoch check"] = () => EndOfLog(asksFirst: false),
        ["B2 epoch check apart from the write"] = () => EndOfLog(asksFirst: true),
        ["B3 answer before durable"] = () => new Plant { Journal = (inner, _) => new AnswersBeforeDurable(inner) },
        ["B4 transfers not told apart"] = () => new Plant { Transfer = Renamed },
        ["B5 outbox cleared before the target has it"] = () => new Plant { Transfer = Optimistic },
        ["B6 idempotency keys forgotten early"] = () =>
            new Plant { Limits = limits => limits with { IdempotencyKeysMax = 1, IdempotencyMsMax = 20 } },
        ["B7 reads without confirmation"] = () => new Plant { Journal = (inner, _) => new ConfirmsAlways(inner) },
        ["B9 leases by wall clock"] = () => new Plant { IsMonotonicClockWrong = true },
        ["calendar times by record time"] = () => new Plant { IsWallClockNeverBehind = true },
        ["B10 tokens start anew with every owner"] = () => new Plant
        {
            Delivery = given => given with { Token = new FenceToken(given.Delivery.Number) },
        },
        ["B13 repeats under a new name"] = () => new Plant { NamesRepeatsAnew = true },
        ["a refusal believed while an attempt is astray"] = () => new Plant { BelievesRefusals = true },
        ["a hand-over without its leases"] = () => new Plant { Journal = (inner, _) => new LosesHandOvers(inner) },
        ["replies forgotten early"] = () => new Plant { Limits = limits => limits with { RepliesMax = 1 } },
        ["answers after a refused append leave without a confirmation"] = () =>
            new Plant { Journal = (inner, _) => new TrustsItselfAfterRefusals(inner) },
        ["late: a failed checkpoint is not tried again"] = () =>
            new Plant { Options = options => options with { CheckpointRetryMs = int.MaxValue } },
        ["late: time stands under an owner whose clock is behind"] = () => new Plant { TimeStandsWhileBehind = true },
        ["late: what is due comes when somebody asks"] = () => new Plant { TimersLateMs = 3_000 },
        ["late: answers that need a confirmation"] = () =>
            new Plant { Journal = (inner, world) => new SlowToConfirm(inner, world) },
        ["late: a transfer that failed is not tried again"] = () => new Plant { Transfer = OneTry() },
        ["unknown taken for durable"] = () => Verdict(AppendStatus.Durable),
        ["unknown taken for refused"] = () => Verdict(AppendStatus.Refused),
    };

    private static Plant EndOfLog(bool asksFirst)
    {
        var newest = new NewestRecords();
        return new Plant { Journal = (inner, _) => new AppendsToTheEnd(inner, newest, asksFirst) };
    }

    private static Plant Verdict(AppendStatus verdict) =>
        new() { Journal = (inner, _) => new KnowsTheUnknown(inner, verdict) };

    private static Func<Transfer, SimWorld, Transfer> OneTry()
    {
        return (transfer, _) => async (target, command, cancel) =>
        {
            try
            {
                return await transfer(target, command, cancel);
            }
            catch (TimeoutException)
            {
                return await new TaskCompletionSource<Answer>().Task;
            }
        };
    }

    private static Transfer Renamed(Transfer transfer, SimWorld world) => (target, command, cancel) =>
        transfer(target, command with { SourceIncarnation = world.Kernel.Random.Next(1_000_000) }, cancel);

    private static Transfer Optimistic(Transfer transfer, SimWorld world) => (target, command, cancel) =>
    {
        _ = CarryAsync();
        return new ValueTask<Answer>(new TransferAccepted(command.Entries[^1].Sequence));

        async Task CarryAsync()
        {
            try
            {
                await transfer(target, command, cancel);
            }
            catch (TimeoutException)
            {
                world.Note("lost for ever");
            }
        }
    };
}
