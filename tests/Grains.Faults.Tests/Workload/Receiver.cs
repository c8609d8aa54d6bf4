using System.Text.Json;
using Grains.Checkers.Deliveries;
using Grains.Checkers.Registers;

namespace Grains.Faults.Tests.Workload;

/// <summary>
/// Receives and commits. An intake node appends the labels to its state, writes its count as a key of the same
/// partition and sends every label on to a ledger node elsewhere, in one commit; a ledger node appends only. Some
/// deliveries are rejected, some abandoned, some renewed first, some commits sent twice.
/// </summary>
internal sealed class Receiver(int seed, Caller caller, LoadRecord record)
{
    private readonly Names _names = record.Names;
    private readonly Leases _leases = new(caller, record);
    private readonly Random _random = new(seed);
    private int _process = record.Registers.NewProcess();

    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            bool intake = _random.Next(2) == 0;
            string service = intake ? _names.Intake : _names.Ledger;
            string? node = _random.Next(3) == 0 ? null
                : intake ? Names.IntakeNode(_random.Next(Names.IntakeNodes))
                : Names.LedgerNode(_random.Next(Names.LedgerNodes));
            if (await _leases.ReceiveAsync(service, node, """{"max":25,"wait":"100ms"}""") is { } delivery)
            {
                await HandleAsync(service, delivery.Node[(service.Length + 1)..], delivery);
            }
        }
    }

    private async Task HandleAsync(string service, string node, Delivery delivery)
    {
        int dice = _random.Next(100);
        if (dice < 2)
        {
            // Abandoned: the lease runs out and the messages come again.
            return;
        }

        if (dice < 5)
        {
            await caller.PostJsonAsync($"/v1/deliveries/{delivery.Id}:reject", """{"delay":"50ms","reason":"not now"}""");
            return;
        }

        if (dice is >= 10 and < 15)
        {
            await _leases.RenewAsync(delivery);
        }

        if (service == _names.Intake)
        {
            await CommitIntakeAsync(node, delivery, twice: dice < 10);
        }
        else
        {
            string body = JsonSerializer.Serialize(
                new { state = new { text = delivery.NextState(), contentType = "text/plain" } });
            await CommitAsync(service, node, delivery, body, twice: dice < 10);
        }
    }

    private async Task CommitIntakeAsync(string node, Delivery delivery, bool twice)
    {
        string state = delivery.NextState();
        string count = $"{Delivery.Read(state).Length} by {delivery.Id}";
        string body = JsonSerializer.Serialize(new
        {
            state = new { text = state, contentType = "text/plain" },
            sends = delivery.Labels.Select(label => new
            {
                service = _names.Ledger,
                node = LedgerNodeOf(label),
                contentType = "text/plain",
                text = label,
            }),
            keys = new[] { new { keyspace = _names.Counts, key = node, contentType = "text/plain", text = count } },
        });
        string name = $"{_names.Counts}/{node}";
        long callNs = LoadRecord.NowNs();
        record.Registers.Invoke(_process, name, RegisterCall.Put(count));
        (Reply reply, bool lostAnAnswer) = await CommitAsync(_names.Intake, node, delivery, body, twice);
        if (reply.Is(200))
        {
            long revision = reply.Json().GetProperty("revision").GetInt64();
            record.Registers.Ok(_process, RegisterResult.Written(revision));
            record.Wrote(_names.PartitionOfKey(_names.Counts, node), revision, callNs, name, count, delivery.Epoch);
        }
        else if (!lostAnAnswer && reply.Kind != ReplyKind.Unknown)
        {
            record.Registers.Fail(_process, reply.ToString());
        }
        else
        {
            _process = record.Registers.Unknown(_process, reply.ToString());
        }
    }

    /// <summary>
    /// Commits, once more if the answer was lost. A refusal after a lost answer does not tell what became of it.
    /// </summary>
    private async Task<(Reply Reply, bool LostAnAnswer)> CommitAsync(
        string service, string node, Delivery delivery, string body, bool twice)
    {
        string path = $"/v1/deliveries/{delivery.Id}:commit";
        long callNs = LoadRecord.NowNs();
        Reply reply = await caller.PostJsonAsync(path, body);
        bool lost = reply.Kind == ReplyKind.Unknown;
        if (lost)
        {
            reply = await caller.PostJsonAsync(path, body);
        }

        if (reply.Is(200))
        {
            if (!reply.Repeated)
            {
                record.Did(DeliveryActKind.Committed, delivery, callNs);
            }

            record.Acknowledge($"{service}/{node}", $"commit of {string.Join(' ', delivery.Labels)}");
            if (twice)
            {
                await CommitAgainAsync(path, body, reply);
            }
        }
        else if (reply.Kind == ReplyKind.Decided && !reply.Is(409))
        {
            record.Violations.Enqueue($"a commit on {service}/{node} was refused: {reply}");
        }

        return (reply, lost);
    }

    private async Task CommitAgainAsync(string path, string body, Reply first)
    {
        Reply again = await caller.PostJsonAsync(path, body);

        // After a crash the delivery may be forgotten; then it is refused, which changes nothing either.
        bool same = again.Is(200) && again.Repeated
            && again.Json().GetProperty("revision").GetInt64() == first.Json().GetProperty("revision").GetInt64();
        if (again.Kind == ReplyKind.Decided && !same && !again.Is(409))
        {
            record.Violations.Enqueue($"a commit was sent again and not answered as before: {first} / {again}");
        }
    }

    // Not string.GetHashCode, which differs from run to run.
    private static string LedgerNodeOf(string label) =>
        Names.LedgerNode(label.Sum(c => c) % Names.LedgerNodes);
}
