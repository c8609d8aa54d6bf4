using Grains.FrontEnd.Tests.World;
using Grains.Silo.Partitions;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;

namespace Grains.FrontEnd.Tests;

/// <summary>A receive that names no node, over all partitions.</summary>
public sealed class ServiceReceiveTests : IAsyncDisposable
{
    private const string _path = "/v1/services/words/receive";
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(30);
    private readonly Lock _lock = new();
    private readonly Dictionary<PartitionId, Queue<string>> _nodes = [];
    private readonly List<(PartitionId Partition, TaskCompletionSource<Answer> Told)> _peekers = [];
    private readonly HashSet<PartitionId> _away = [];
    private FrontEndServer? _server;
    private long _number;

    [Fact]
    public async Task What_is_anywhere_is_found_at_once_and_when_nothing_is_left_the_answer_is_nothing()
    {
        FrontEndServer server = await StartAsync();
        Add(0, "a");
        Add(3, "b");
        Assert.Equal(["a", "b"], new[] { await NodeAsync(server), await NodeAsync(server) }.Order());
        Assert.Equal(204, (await server.SendAsync("POST", _path)).Status);
    }

    [Fact]
    public async Task Who_waits_gets_what_comes_to_any_partition_and_one_message_wakes_one_of_them()
    {
        FrontEndServer server = await StartAsync();
        Task<Reply>[] waiting = [.. Enumerable.Range(0, 3).Select(_ => server.SendAsync("POST", _path, """{"wait":"30s"}"""))];
        await UntilAsync(() => _peekers.Count == 4);
        Add(2, "a");
        Task<Reply> first = await Task.WhenAny(waiting).WaitAsync(_deadline);
        Assert.Equal("a", (await first).Json.GetProperty("node").GetString());

        // The others go on waiting: it is looked at again, and there is nothing.
        await UntilAsync(() => _peekers.Count == 4);
        Assert.Equal(1, waiting.Count(w => w.IsCompleted));
        Add(2, "b");
        Add(1, "c");
        await Task.WhenAll(waiting).WaitAsync(_deadline);
        string[] nodes = [.. waiting.Select(w => w.Result.Json.GetProperty("node").GetString()!).Order()];
        Assert.Equal(["a", "b", "c"], nodes);
    }

    [Fact]
    public async Task Partitions_are_taken_from_in_turn()
    {
        FrontEndServer server = await StartAsync();
        for (int i = 0; i < 4; i++)
        {
            Add(0, "full");
            Add(1, "full");
        }

        Add(2, "other");

        // The first ones may be given something before it is known what the others have; one partition after another,
        // it would be the ninth.
        var nodes = new List<string?>();
        for (int i = 0; i < 6; i++)
        {
            nodes.Add(await NodeAsync(server));
            await UntilAsync(() => _peekers.Count > 0);
        }

        Assert.Contains("other", nodes);
    }

    [Fact]
    public async Task A_partition_that_is_away_is_left_out_and_only_if_all_are_the_answer_is_503()
    {
        FrontEndServer server = await StartAsync();
        _away.Add(new PartitionId(1));
        Add(0, "a");
        Assert.Equal("a", await NodeAsync(server));
        Assert.Equal(204, (await server.SendAsync("POST", _path)).Status);
        lock (_lock)
        {
            _away.UnionWith(server.Partitions.Slots.Partitions);
        }

        await server.SendAsync("PUT", "/v1/services/others", "{}");
        Assert.Equal("503 unavailable", (await server.SendAsync("POST", "/v1/services/others/receive")).Refusal);
        lock (_lock)
        {
            _away.Clear();
        }

        Task<Reply> waiting = server.SendAsync("POST", _path, """{"wait":"30s"}""");
        Add(1, "back");
        Assert.Equal("back", (await waiting.WaitAsync(_deadline)).Json.GetProperty("node").GetString());
    }

    [Fact]
    public async Task A_waiting_receive_ends_when_its_time_is_over_and_what_comes_then_is_for_the_next()
    {
        FrontEndServer server = await StartAsync();
        Assert.Equal(204, (await server.SendAsync("POST", _path, """{"wait":"50ms"}""")).Status);
        Add(2, "late");
        Assert.Equal("late", await NodeAsync(server, wait: "30s"));
    }

    [Fact]
    public async Task A_service_that_is_not_declared_and_a_body_that_is_wrong_are_refused()
    {
        FrontEndServer server = await StartAsync();
        Assert.Equal("404 service-not-found", (await server.SendAsync("POST", "/v1/services/none/receive")).Refusal);
        Assert.Equal("400 bad-field", (await server.SendAsync("POST", _path, """{"max":0}""")).Refusal);
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }

    private async Task<FrontEndServer> StartAsync()
    {
        _server = await FrontEndServer.StartDeclaredAsync();
        _server.Partitions.Script = (partition, command, cancel) =>
            command is Receive receive ? ReceiveAsync(partition, receive, cancel) : null;
        return _server;
    }

    private void Add(uint partition, string node)
    {
        var id = new PartitionId(partition);
        lock (_lock)
        {
            if (!_nodes.TryGetValue(id, out Queue<string>? queue))
            {
                _nodes[id] = queue = [];
            }

            queue.Enqueue(node);
            foreach (
                (PartitionId Partition, TaskCompletionSource<Answer> Told) peeker in _peekers.Where(l => l.Partition == id).ToArray())
            {
                _peekers.Remove(peeker);
                peeker.Told.TrySetResult(new SomethingToDeliver());
            }
        }
    }

    private async Task<Answer> ReceiveAsync(PartitionId partition, Receive receive, CancellationToken cancel)
    {
        TaskCompletionSource<Answer> told = new(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (_away.Contains(partition))
            {
                throw new PartitionUnavailableException(partition, outcomeKnown: true, "It is unavailable.");
            }

            bool isThere = _nodes.TryGetValue(partition, out Queue<string>? nodes) && nodes.Count > 0;
            if (!receive.PeekOnly)
            {
                Assert.Equal(0, receive.WaitMs);
                return isThere ? Given(partition, nodes!.Dequeue()) : new NothingToDeliver();
            }

            if (isThere || receive.WaitMs == 0)
            {
                return isThere ? new SomethingToDeliver() : new NothingToDeliver();
            }

            _peekers.Add((partition, told));
        }

        return await told.Task.WaitAsync(cancel);
    }

    private DeliveryGiven Given(PartitionId partition, string node) => new()
    {
        Delivery = new DeliveryId(partition, new Epoch(1), ++_number),
        Token = new FenceToken(_number),
        LeaseMs = 1_000,
        Messages =
        [
            new MessageView
            {
                Id = new MessageId(partition, new Revision(_number), 0), Node = new Utf8Name(node),
                Content = MessageContent.Empty,
            },
        ],
    };

    private static async Task<string> NodeAsync(FrontEndServer server, string wait = "0s") =>
        (await server.SendAsync("POST", _path, $$"""{"wait":"{{wait}}"}""")).Json.GetProperty("node").GetString()!;

    private async Task UntilAsync(Func<bool> condition)
    {
        using var deadline = new CancellationTokenSource(_deadline);
        while (true)
        {
            lock (_lock)
            {
                if (condition())
                {
                    return;
                }
            }

            await Task.Delay(5, deadline.Token);
        }
    }
}
