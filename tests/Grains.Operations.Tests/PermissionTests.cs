using Grains.Api;
using Grains.Api.Deliveries;
using Grains.Api.Keyspaces;
using Grains.Api.Problems;
using Grains.Api.Services;
using Grains.Api.Timers;
using Grains.Operations.Access;
using Grains.Operations.Backups;
using Grains.Operations.Cluster;
using Grains.Operations.Declarations;
using Grains.Operations.Deliveries;
using Grains.Operations.Errors;
using Grains.Operations.Explanations;
using Grains.Operations.Keyspaces;
using Grains.Operations.Messages;
using Grains.Operations.Nodes;
using Grains.Operations.Replies;
using Grains.Operations.Services;
using Grains.Operations.Timers;
using Grains.Silo.Partitions;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;
using Grains.StateMachines.Mailboxes;
using Grains.StateMachines.Slots;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Grains.Operations.Tests;

/// <summary>Every operation authorizes by itself, before it asks any partition: no door can forget it.</summary>
public sealed class PermissionTests
{
    private static readonly NodeAddress _node = new("words", new Utf8Name("n"));
    private static readonly MessageId _message = new(default, new Revision(1), 0);
    private static readonly DeliveryHandle _delivery = new(new DeliveryId(default, new Epoch(1), 1), "words");

    private static readonly KeyspaceSnapshot _keyspace = new("ks", new KeyspaceId(1), KeyspaceLayout.Spread);

    /// <summary>What each needs, and a call of it.</summary>
    private static readonly Dictionary<string, (Permission Needed, Func<IServiceProvider, Caller, Task<OperationError?>> Call)> _operations = new()
    {
        ["key put"] = On<KeyOperations>(Permission.Write, async (o, c) => (await o.PutAsync(c, "ks", default)).Error),
        ["key get"] = On<KeyOperations>(
            Permission.Read, async (o, c) => (await o.GetAsync(c, "ks", new Utf8Name("k"))).Error),
        ["key delete"] = On<KeyOperations>(
            Permission.Write, async (o, c) => (await o.DeleteAsync(c, "ks", new Utf8Name("k"), Condition.None)).Error),
        ["key list"] = On<KeyOperations>(
            Permission.Read, async (o, c) => (await o.ListAsync(c, "ks", new KeyRange { Limit = 1 }, default)).Error),
        ["key read"] = On<KeyActionOperations>(
            Permission.Read, async (o, c) => (await o.GetAsync(c, _keyspace, new Utf8Name("k"))).Error),
        ["key action"] = On<KeyActionOperations>(
            Permission.Write,
            async (o, c) => (await o.DoAsync(c, _keyspace, new RemoveKey { Key = new Utf8Name("k") })).Error),
        ["key transaction"] = On<KeyActionOperations>(
            Permission.Write,
            async (o, c) =>
                (await o.TransactAsync(c, _keyspace, [new RemoveKey { Key = new Utf8Name("k") }], [])).Error),
        ["key count"] = On<KeyActionOperations>(
            Permission.Read, async (o, c) => (await o.CountAsync(c, _keyspace, default)).Error),
        ["key scan"] = On<KeyActionOperations>(
            Permission.Read, async (o, c) => (await o.ScanAsync(c, _keyspace, default, 1, default)).Error),
        ["key increment"] = On<KeyOperations>(
            Permission.Write, async (o, c) => (await o.IncrementAsync(c, "ks", new Utf8Name("k"), new IncrementRequest())).Error),
        ["key batch"] = On<KeyBatchOperations>(
            Permission.Write,
            async (o, c) => (await o.RunAsync(
                c, _keyspace, [KeyStep.Parse(_keyspace, new KeyBatchLine { Op = "delete", Key = "k" })], default))[0].Error),
        ["keyspace list"] = On<KeyspaceOperations>(
            Permission.Read, async (o, c) => (await o.ListAsync(c, default)).Error),
        ["keyspace get"] = On<KeyspaceOperations>(Permission.Read, async (o, c) => (await o.GetAsync(c, "ks")).Error),
        ["keyspace declare"] = On<KeyspaceOperations>(
            Permission.Admin,
            async (o, c) => (await o.DeclareAsync(c, "ks", new KeyspaceRequest { Layout = "spread" })).Error),
        ["keyspace delete"] = On<KeyspaceOperations>(
            Permission.Admin, async (o, c) => (await o.DeleteAsync(c, "ks")).Error),
        ["service list"] = On<ServiceOperations>(
            Permission.Read, async (o, c) => (await o.ListAsync(c, default)).Error),
        ["service get"] = On<ServiceOperations>(Permission.Read, async (o, c) => (await o.GetAsync(c, "words")).Error),
        ["service declare"] = On<ServiceOperations>(
            Permission.Admin, async (o, c) => (await o.DeclareAsync(c, "words", new ServiceRequest())).Error),
        ["service pause"] = On<ServiceOperations>(
            Permission.Admin, async (o, c) => (await o.PauseAsync(c, "words", true)).Error),
        ["service secret"] = On<ServiceOperations>(
            Permission.Admin, async (o, c) => (await o.SecretAsync(c, "words")).Error),
        ["service delete"] = On<ServiceOperations>(
            Permission.Admin, async (o, c) => (await o.DeleteAsync(c, "words")).Error),
        ["message send"] = On<MessageOperations>(
            Permission.Write,
            async (o, c) => (await o.SendAsync(c, "words", _node.Node, new MessageSend(MessageContent.Empty))).Error),
        ["message find"] = On<MessageOperations>(
            Permission.Read, async (o, c) => (await o.FindAsync(c, "words", _message, default)).Error),
        ["message cancel"] = On<MessageOperations>(
            Permission.Write, async (o, c) => (await o.CancelAsync(c, "words", _message)).Error),
        ["message list"] = On<MessageOperations>(
            Permission.Read,
            async (o, c) =>
                (await o.ListAsync(c, _node, new MessageRange(MailboxPart.Dead, null, 1, default), default)).Error),
        ["dead letter retry"] = On<MessageOperations>(
            Permission.Write, async (o, c) => (await o.SettleAsync(c, _node, _message, retry: true)).Error),
        ["dead letter discard"] = On<MessageOperations>(
            Permission.Admin, async (o, c) => (await o.SettleAsync(c, _node, _message, retry: false)).Error),
        ["dead letters retry"] = On<MessageOperations>(
            Permission.Write, async (o, c) => (await o.SettleAllAsync(c, _node, retry: true, default)).Error),
        ["dead letters discard"] = On<MessageOperations>(
            Permission.Admin, async (o, c) => (await o.SettleAllAsync(c, _node, retry: false, default)).Error),
        ["reply"] = On<ReplyOperations>(
            Permission.Read, async (o, c) => (await o.WaitAsync(c, "words", _message, 0, default)).Error),
        ["node list"] = On<NodeOperations>(
            Permission.Read,
            async (o, c) =>
                (await o.ListAsync(c, "words", new NodeRange(default, default, 1, default), default)).Error),
        ["node get"] = On<NodeOperations>(Permission.Read, async (o, c) => (await o.GetAsync(c, _node, default)).Error),
        ["state get"] = On<NodeOperations>(
            Permission.Read, async (o, c) => (await o.GetStateAsync(c, _node, default)).Error),
        ["state put"] = On<NodeOperations>(
            Permission.Write,
            async (o, c) => (await o.PutStateAsync(c, _node, new StateChange([], null), Condition.None)).Error),
        ["node purge"] = On<NodeOperations>(
            Permission.Admin, async (o, c) => (await o.PurgeAsync(c, _node, true)).Error),
        ["node pause"] = On<NodeOperations>(
            Permission.Admin, async (o, c) => (await o.PauseAsync(c, _node, true)).Error),
        ["timer list"] = On<TimerOperations>(
            Permission.Read, async (o, c) => (await o.ListAsync(c, _node, default, default)).Error),
        ["timer set"] = On<TimerOperations>(
            Permission.Write,
            async (o, c) => (await o.SetAsync(c, _node, "t", new TimerRequest { Delay = "1s" })).Error),
        ["timer delete"] = On<TimerOperations>(
            Permission.Write, async (o, c) => (await o.DeleteAsync(c, _node, "t")).Error),
        ["receive"] = On<ReceiveOperations>(
            Permission.Write, async (o, c) => (await o.ReceiveAsync(c, _node, new ReceiveRequest(), default)).Error),
        ["delivery commit"] = On<DeliveryOperations>(
            Permission.Write, async (o, c) => (await o.CommitAsync(c, _delivery, new CommitRequest(), 1)).Error),
        ["delivery renew"] = On<DeliveryOperations>(
            Permission.Write, async (o, c) => (await o.RenewAsync(c, _delivery, new RenewRequest())).Error),
        ["delivery reject"] = On<DeliveryOperations>(
            Permission.Write, async (o, c) => (await o.RejectAsync(c, _delivery, new RejectRequest())).Error),
        ["explain"] = On<ExplainOperations>(
            Permission.Read, async (o, c) => (await o.NodeAsync(c, _node, default, default)).Error),
        ["cluster describe"] = On<ClusterOperations>(
            Permission.Read, async (o, c) => (await o.DescribeAsync(c, default)).Error),
        ["cluster drain"] = On<ClusterOperations>(
            Permission.Admin, async (o, c) => (await o.DrainAsync(c, "s", true, default)).Error),
        ["cluster resume"] = On<ClusterOperations>(
            Permission.Admin, async (o, c) => (await o.ResumeAsync(c, default)).Error),
        ["cluster format"] = On<ClusterOperations>(
            Permission.Admin, async (o, c) => (await o.RaiseFormatAsync(c, default)).Error),
        ["cluster partitions"] = On<ClusterOperations>(
            Permission.Read, async (o, c) => (await o.PartitionsAsync(c, default)).Error),
        ["backup"] = On<BackupOperations>(Permission.Admin, (o, c) => Task.FromResult(o.Begin(c).Error)),
    };

    public static TheoryData<string> Names => [.. _operations.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task An_operation_refuses_a_caller_of_less_and_asks_no_partition(string name)
    {
        (Permission needed, Func<IServiceProvider, Caller, Task<OperationError?>> call) = _operations[name];
        var partitions = new Unavailable();
        await using ServiceProvider services = Services(partitions);
        foreach (Permission less in Enum.GetValues<Permission>().Where(p => p < needed).Append(default))
        {
            OperationError? refused = await call(services, new Caller("key", default, less));
            Assert.Equal(ProblemCode.Forbidden, refused?.Code);
        }

        Assert.Equal(0, partitions.Asked);
    }

    /// <summary>Whom it lets through it lets through to the partitions, or to what is not there in this test.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public async Task An_operation_lets_a_caller_through_who_may_and_silence_is_a_value(string name)
    {
        (Permission needed, Func<IServiceProvider, Caller, Task<OperationError?>> call) = _operations[name];
        await using ServiceProvider services = Services(new Unavailable());
        OperationError? refused = await call(services, new Caller("key", default, needed));
        Assert.Equal(ProblemCode.Unavailable, refused?.Code);
    }

    [Fact]
    public async Task Who_may_not_is_told_that_and_not_what_else_is_wrong()
    {
        await using ServiceProvider services = Services(new Unavailable());
        var reader = new Caller("key", default, Permission.Read);
        TimerOperations timers = services.GetRequiredService<TimerOperations>();
        Assert.Equal(ProblemCode.Forbidden, (await timers.DeleteAsync(reader, _node, "")).Error?.Code);
        Assert.Equal(ProblemCode.Forbidden, (await timers.SetAsync(reader, _node, "", new TimerRequest())).Error?.Code);
    }

    /// <summary>Whatever door it comes through.</summary>
    [Theory]
    [InlineData(-1)]
    [InlineData(Limits.TtlMs + 1)]
    public async Task A_time_to_live_out_of_its_range_is_refused_and_no_partition_is_asked(long ttlMs)
    {
        var partitions = new Unavailable();
        await using ServiceProvider services = Services(partitions);
        var put = new KeyPut(new Utf8Name("k"), [], null, Condition.None, ttlMs);
        KeyOperations keys = services.GetRequiredService<KeyOperations>();
        Assert.Equal(ProblemCode.BadParameter, (await keys.PutAsync(Caller.Server, "ks", put)).Error?.Code);
        Assert.Equal(0, partitions.Asked);
    }

    /// <summary>So that a new operation is not forgotten here.</summary>
    [Fact]
    public void Every_operation_that_takes_a_caller_is_in_the_list()
    {
        int methods = typeof(KeyOperations).Assembly.GetTypes().Where(
            t => t.Name.EndsWith("Operations", StringComparison.Ordinal))
            .SelectMany(
                t => t.GetMethods().Where(
                    m => m.IsPublic && m.GetParameters() is [{ ParameterType: var first }, ..]
                        && first == typeof(Caller)))
            .Select(m => (m.DeclaringType, m.Name)).Distinct().Count();

        // Translating is a part of a commit; settling is two of each kind by what it does; who may not begin a backup
        // is told so by Refuse.
        Assert.Equal(methods - 2 + 2, _operations.Count);
    }

    private static (Permission, Func<IServiceProvider, Caller, Task<OperationError?>>) On<T>(
        Permission needed, Func<T, Caller, Task<OperationError?>> call)
        where T : notnull =>
        (needed, (services, caller) => call(services.GetRequiredService<T>(), caller));

    private static ServiceProvider Services(IPartitions partitions) => new ServiceCollection()
        .AddLogging()
        .AddSingleton(partitions)
        .AddSingleton<IHostApplicationLifetime, Lifetime>()
        .AddGrainsOperations()
        .BuildServiceProvider();

    private sealed class Unavailable : IPartitions
    {
        public int Asked { get; private set; }

        public SlotMap Slots { get; } = SlotMap.Even(1);

        public bool IsReady => true;

        public ValueTask<Answer> ExecuteAsync(PartitionId partition, Command command, CancellationToken cancel)
        {
            Asked++;
            return ValueTask.FromException<Answer>(
                new PartitionUnavailableException(partition, outcomeKnown: true, "Nobody is there."));
        }
    }

    private sealed class Lifetime : IHostApplicationLifetime
    {
        public CancellationToken ApplicationStarted => CancellationToken.None;

        public CancellationToken ApplicationStopping => CancellationToken.None;

        public CancellationToken ApplicationStopped => CancellationToken.None;

        public void StopApplication()
        {
        }
    }
}
