using Grains.Silo.Loops;
using Grains.Silo.Partitions;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;
using Grains.StateMachines.Mailboxes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Serialization;

namespace Grains.Silo.Ownership;

/// <summary>
/// Runs a partition in memory that nobody has, before the server joins the others, and then has a grain moved to it
/// from each of them: the code that the first real partition needs, here and there, is compiled by then, and not while
/// the callers of one that was just handed over wait for it.
/// </summary>
internal sealed partial class WarmUp(
    PartitionRuntime runtime,
    IGrainFactory grains,
    Serializer serializer,
    ClusterPeers peers,
    TimeProvider time,
    ILogger<WarmUp> log,
    IOptions<GrainTypeOptions> types) : ILifecycleParticipant<ISiloLifecycle>
{
    private static readonly TimeSpan _lengthMax = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(10);

    /// <summary>A server that has left meanwhile, or is of an older version, is never reached.</summary>
    private const int _movesMax = 20;
    private static readonly PartitionId _id = new(0);
    private static readonly Utf8Name _name = new("warm-up");

    private readonly CancellationTokenSource _stop = new();
    private Task _moves = Task.CompletedTask;

    public void Participate(ISiloLifecycle lifecycle)
    {
        // A server that never has partitions need not be quick with its first one.
        if (!types.Value.Classes.Contains(typeof(PartitionGrain)))
        {
            return;
        }

        lifecycle.Subscribe(nameof(WarmUp), ServiceLifecycleStage.ApplicationServices, _ => TryAsync(RunAsync));
        lifecycle.Subscribe(nameof(WarmUp), ServiceLifecycleStage.Active, StartMovesAsync, StopAsync);
    }

    /// <summary>Not waited for: the others begin to hand over seconds after this server has joined.</summary>
    private Task StartMovesAsync(CancellationToken cancel)
    {
        _moves = Task.Run(() => TryAsync(MoveAsync), CancellationToken.None);
        return Task.CompletedTask;
    }

    private async Task StopAsync(CancellationToken cancel)
    {
        await _stop.CancelAsync();
        await _moves.WaitAsync(cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task TryAsync(Func<Task> part)
    {
        long begun = time.GetTimestamp();
        try
        {
            await part().WaitAsync(_lengthMax, time, _stop.Token);
            LogWarmedUp(log, time.GetElapsedTime(begun).TotalMilliseconds);
        }
        catch (Exception e)
        {
            // The server is no worse off than without; what is wrong shows again where it matters.
            if (!_stop.IsCancellationRequested)
            {
                LogFailed(log, e);
            }
        }
    }

    /// <summary>To every other server and back.</summary>
    internal async Task MoveAsync()
    {
        IWarmUpGrain grain = grains.GetGrain<IWarmUpGrain>(peers.Name);
        foreach (SiloAddress there in peers.Membership.Hosts.Select(h => h.SiloAddress).Where(
            a => !a.Equals(peers.Address)))
        {
            await MoveAsync(grain, there);
            await MoveAsync(grain, peers.Address);
        }

        await grain.End();
    }

    private async Task MoveAsync(IWarmUpGrain grain, SiloAddress to)
    {
        var batch = new CommandBatch([new GetKey { Keyspace = new KeyspaceId(1), Key = _name }]);
        for (int i = 0; i < _movesMax && !to.Equals(await grain.Where(batch)); i++)
        {
            _stop.Token.ThrowIfCancellationRequested();
            await grain.Move(to);
            await Task.Delay(_pause, time, _stop.Token);
        }
    }

    /// <summary>All that a partition does between one hand-over and the next, and what its callers send it.</summary>
    internal async Task RunAsync()
    {
        PartitionRuntime there = runtime with
        {
            Journal = new WarmUpJournal(), Logs = NullLoggerFactory.Instance, FormatLevel = () => FormatLevels.Newest,
        };
        PartitionLoop loop = await OpenAsync(there, null);
        await SayAsync(loop, new PutKey { Keyspace = new KeyspaceId(1), Key = _name, Value = _name.Bytes });
        await SayAsync(loop, new GetKey { Keyspace = new KeyspaceId(1), Key = _name });
        await SayAsync(loop, new SendMessage
        {
            Service = new ServiceId(1), Node = _name, Content = MessageContent.Empty, MailboxLimit = 1,
        });
        Answer given = await SayAsync(loop, new Receive
        {
            Service = new ServiceId(1), ServiceName = "warm-up", Node = _name,
            MaxMessages = 1, LeaseMs = 10_000, MaxAttempts = 2,
        });
        PreloadedPartition ahead = await PartitionRecovery.PreloadAsync(_id, there, null, CancellationToken.None);
        await loop.HandOverAsync();
        loop = await OpenAsync(there, ahead);
        await SayAsync(loop, new CommitDelivery { Delivery = ((DeliveryGiven)given).Delivery, BodyHash = 1 });
        await loop.StopAsync();
    }

    private static async Task<PartitionLoop> OpenAsync(PartitionRuntime there, PreloadedPartition? ahead)
    {
        RecoveryOutcome outcome = await PartitionRecovery.RunAsync(_id, there, 0, ahead, CancellationToken.None);
        var loop = new PartitionLoop(outcome.Owned!, there);
        await Task.Run(loop.Start);
        return loop;
    }

    /// <summary>As from another server: there and back in the form in which servers talk.</summary>
    private async Task<Answer> SayAsync(PartitionLoop loop, Command command)
    {
        CommandBatch asked = serializer.Deserialize<CommandBatch>(
            serializer.SerializeToArray(new CommandBatch([command])))!;
        var answers = new AnswerBatch(await TicketBatch.PostAsync(asked.Commands, loop.Post));
        return serializer.Deserialize<AnswerBatch>(serializer.SerializeToArray(answers))!.Answers[0];
    }

    [LoggerMessage(2066, LogLevel.Debug, "A part of the warm-up of a hand-over took {Ms:0} ms.")]
    private static partial void LogWarmedUp(ILogger logger, double ms);

    [LoggerMessage(2067, LogLevel.Error, "The warm-up of a hand-over failed; the server goes on without.")]
    private static partial void LogFailed(ILogger logger, Exception e);
}
