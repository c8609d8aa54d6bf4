using System.Diagnostics;
using Grains.Handlers.Runs;
using Grains.Silo.Partitions;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Slots;
using Microsoft.Extensions.Logging.Abstractions;

namespace Grains.Handlers.Tests.Runs;

/// <summary>
/// What a server works on it keeps: its lease is renewed until what came of it is stored, and ends with its time.
/// </summary>
public sealed class RunKeeperTests : IAsyncLifetime
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(60);
    private readonly Partitions _partitions = new();
    private readonly RunKeeper _keeper;

    public RunKeeperTests() => _keeper = new RunKeeper(
        _partitions, new HandlerOptions(), TimeProvider.System, NullLogger<RunKeeper>.Instance);

    public Task InitializeAsync() => _keeper.StartAsync(CancellationToken.None);

    public async Task DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _keeper.StopAsync(now.Token);
        _keeper.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_lease_is_renewed_while_the_handler_works_and_while_its_answer_is_stored(bool isConcluding)
    {
        Run run = _keeper.Begin(Given(leaseMs: 60));
        run.Start(_keeper.NowMs, timeoutMs: 600_000);
        run.IsConcluding = isConcluding;
        await UntilAsync(() => _partitions.Renewals >= 3);
        Assert.Equal(RunCancel.None, run.Reason);
        _keeper.End(run);
    }

    [Theory]
    [InlineData(1_000)]
    [InlineData(30_000)]
    public void The_first_renewal_is_due_while_the_lease_lasts(int leaseMs)
    {
        using var run = new Run(Given(leaseMs), nowMs: 5_000);
        Assert.InRange(run.RenewAtMs, 5_001, 5_000 + (leaseMs / 2));
    }

    [Fact]
    public async Task A_handler_that_works_beyond_its_time_is_cancelled()
    {
        Run run = _keeper.Begin(Given(leaseMs: 60_000));
        run.Start(_keeper.NowMs, timeoutMs: 20);
        await UntilAsync(() => run.Reason == RunCancel.Timeout && run.Cancel.IsCancellationRequested);
        _keeper.End(run);
    }

    [Fact]
    public async Task A_run_whose_delivery_is_gone_is_cancelled()
    {
        _partitions.Answer = new Refused(Refusal.DeliveryGone, "gone");
        Run run = _keeper.Begin(Given(leaseMs: 60));
        await UntilAsync(() => run.Reason == RunCancel.Lost);
        _keeper.End(run);
    }

    internal static DeliveryGiven Given(int leaseMs) => new()
    {
        Delivery = new DeliveryId(new PartitionId(0), new Epoch(1), 1),
        LeaseMs = leaseMs,
        Messages = [],
        Token = new FenceToken(1),
    };

    private static async Task UntilAsync(Func<bool> holds)
    {
        for (var waited = Stopwatch.StartNew(); !holds(); await Task.Delay(5))
        {
            Assert.True(waited.Elapsed < _deadline, "It did not come to that.");
        }
    }

    private sealed class Partitions : IPartitions
    {
        private int _renewals;

        public Answer? Answer { get; set; }

        public int Renewals => Volatile.Read(ref _renewals);

        public SlotMap Slots => throw new NotSupportedException();

        public bool IsReady => true;

        public ValueTask<Answer> ExecuteAsync(PartitionId partition, Command command, CancellationToken cancel)
        {
            var renew = Assert.IsType<RenewDelivery>(command);
            Interlocked.Increment(ref _renewals);
            return ValueTask.FromResult(Answer ?? new Renewed(renew.LeaseMs));
        }
    }
}
