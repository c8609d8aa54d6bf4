using Grains.Handlers.Calls;
using Grains.Handlers.Runs;
using Grains.Operations.Declarations;
using Grains.Operations.Deliveries;
using Grains.Operations.Services;
using Grains.Silo.Partitions;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;
using Grains.StateMachines.Slots;
using Microsoft.Extensions.Logging.Abstractions;

namespace Grains.Handlers.Tests.Runs;

/// <summary>What is given to a server that cannot run it.</summary>
public sealed class DeliveryRunsTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_server_that_is_only_just_starting_gives_a_delivery_back_and_that_is_no_attempt(
        bool knowsItsCluster)
    {
        var partitions = new StartingServer(knowsItsCluster);
        using var keeper = new RunKeeper(
            partitions, new HandlerOptions(), TimeProvider.System, NullLogger<RunKeeper>.Instance);
        var catalog = new DeclarationCatalog(new SystemKeyspace(partitions), TimeProvider.System);
        var deliveries = new DeliveryOperations(new ServiceCalls(partitions, catalog), catalog);
        var conclusion = new RunConclusion(
            deliveries, new HandlerOptions(), TimeProvider.System, NullLogger<RunConclusion>.Instance);
        var runs = new DeliveryRuns(keeper, catalog, new HandlerCalls(null!, null!), conclusion);
        var message = new MessageView
        {
            Id = new MessageId(new PartitionId(0), new Revision(1), 0), Content = MessageContent.Empty,
            Node = new Utf8Name("n"),
        };
        DeliveryGiven given = RunKeeperTests.Given(leaseMs: 60_000) with { Messages = [message] };

        RunReport report = await runs.RunAsync(
            runs.Hold(given), new NodeWork { Service = "s", ServiceId = 7, Given = given });

        Assert.Equal(RunEnd.Later, report.End);
        RejectDelivery rejected = Assert.IsType<RejectDelivery>(Assert.Single(partitions.Commands));
        Assert.True(rejected.NotCounted);
        Assert.False(rejected.DeadLetter);
        Assert.True(rejected.DelayMs > 0);
    }

    private sealed class StartingServer(bool knowsItsCluster) : IPartitions
    {
        public List<Command> Commands { get; } = [];

        public SlotMap Slots => knowsItsCluster
            ? SlotMap.Even(1)
            : throw new InvalidOperationException("The cluster's settings are not read yet; wait for IsReady.");

        public bool IsReady => false;

        public ValueTask<Answer> ExecuteAsync(PartitionId partition, Command command, CancellationToken cancel)
        {
            if (command.IsRead)
            {
                throw new PartitionUnavailableException(partition, outcomeKnown: true, "It is not recovered yet.");
            }

            Commands.Add(command);
            return ValueTask.FromResult<Answer>(new Rejected(1, 0));
        }
    }
}
