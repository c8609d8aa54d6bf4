namespace Grains.Faults.Tests.Workload;

/// <summary>
/// Asks a server that is frozen or cut off, and again when it goes on, for what only the owner of a partition may say:
/// reads, compare-and-sets that must fail, renewals of deliveries that it handed out; and for stale reads, which it may
/// give. Meanwhile others own its partitions, write the same keys and hand out the same messages. All of it is
/// recorded, so that a word of the past is found as one.
/// </summary>
/// <param name="zombie">Clients bound to that server, with a deadline beyond the end of the fault.</param>
/// <param name="healthy">Clients bound to the others.</param>
internal sealed class Zombies(Callers zombie, Callers healthy, LoadRecord record, ZombieTally tally) : IAsyncDisposable
{
    // No key has the version of a partition's first record, which is an epoch's.
    private const long _versionOfNothing = 1;
    private const int _numbersOfOthers = 100_000;
    private const string _lease = "120s";
    private static readonly TimeSpan _pace = TimeSpan.FromMilliseconds(250);

    private readonly CancellationTokenSource _stop = new();
    private readonly List<(PartitionWriter Writer, string Node, Delivery Delivery)> _held = [];
    private Task _running = Task.CompletedTask;
    private int _clients;

    /// <summary>
    /// Before the fault: takes a delivery in each of these partitions, with a lease that outlasts the run.
    /// </summary>
    public async Task PrepareAsync(IEnumerable<PartitionWriter> writers)
    {
        Caller caller = healthy.Next();
        foreach (PartitionWriter writer in writers)
        {
            string node = record.Names.LeasedNode(writer.Partition);
            Reply sent = await caller.SendMessageAsync(record.Names.Leased, node, "held", Guid.NewGuid().ToString());
            if (sent.Is(202) && await ReceiveAsync(caller, node) is { } delivery)
            {
                _held.Add((writer, node, delivery));
                tally.Held();
            }
        }

        Assert.True(_held.Count > 0, "No delivery could be taken from the server that is to be a zombie.");
    }

    public void Start() => _running = Task.WhenAll(
        [AskAsync(_stop.Token), .. _held.Select(h => TakeAgainAsync(h.Node, _stop.Token))]);

    /// <summary>Returns when every call has ended.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
        zombie.Dispose();
        healthy.Dispose();
    }

    private async Task AskAsync(CancellationToken stop)
    {
        var asked = new List<Task>();
        while (!stop.IsCancellationRequested)
        {
            foreach ((PartitionWriter writer, _, Delivery delivery) in _held)
            {
                asked.AddRange(
                    ReadAsync(writer.Key), BeRefusedAsync(writer.Key), RenewAsync(delivery),
                    ReadThePastAsync(writer.Key));
            }

            await Task.WhenAny(Task.Delay(_pace, stop));
        }

        await Task.WhenAll(asked);
        tally.Asked(asked.Count);
    }

    private KeyClient NewClient() =>
        new(_numbersOfOthers + Interlocked.Increment(ref _clients), seed: 0, zombie.Next(), record);

    private async Task ReadAsync(string key)
    {
        if (await NewClient().GetAsync(record.Names.Spread, key))
        {
            tally.Read();
        }
    }

    private async Task BeRefusedAsync(string key)
    {
        if (await NewClient().PutAsync(record.Names.Spread, key, _versionOfNothing) is { Kind: ReplyKind.Decided })
        {
            tally.Refused();
        }
    }

    private async Task RenewAsync(Delivery delivery)
    {
        if (await new Leases(zombie.Next(), record).RenewAsync(delivery) is { Kind: ReplyKind.Decided })
        {
            tally.Renewed();
        }
    }

    private async Task ReadThePastAsync(string key)
    {
        if (await new PastReads(zombie.Next(), record).ReadAsync(record.Names.Spread, key, ofSession: false))
        {
            tally.ReadOld();
        }
    }

    /// <summary>The next owner knows nothing of the delivery, and hands the message out again.</summary>
    private async Task TakeAgainAsync(string node, CancellationToken stop)
    {
        Caller caller = healthy.Next();
        while (!stop.IsCancellationRequested)
        {
            if (await ReceiveAsync(caller, node) is { } delivery)
            {
                tally.HandedOutAgain();
                await caller.PostJsonAsync($"/v1/deliveries/{delivery.Id}:commit", "");
                return;
            }
        }
    }

    private Task<Delivery?> ReceiveAsync(Caller caller, string node) =>
        new Leases(caller, record).ReceiveAsync(record.Names.Leased, node, $$"""{"wait":"500ms","lease":"{{_lease}}"}""");
}
