using System.Text;
using Grains.Checkers.Registers;
using Grains.Checkers.Witnesses;
using Grains.Simulation.Tests.World;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;

namespace Grains.Simulation.Tests.Workload;

/// <summary>Puts, compares-and-sets, reads and deletes a few keys, each value once.</summary>
internal sealed class KeyClient(SimWorld world, RunRecord record, int number)
{
    private readonly Caller _caller = new(world);
    private readonly Dictionary<(PartitionId, string), long> _versions = [];
    private int _process = record.Keys.NewProcess();
    private int _values;

    private Random Random => world.Kernel.Random;

    public async Task RunAsync()
    {
        while (!world.IsHealing)
        {
            var partition = new PartitionId((uint)Random.Next(world.Plan.Partitions));
            string key = $"k{Random.Next(Names.Keys)}";
            await CallAsync(partition, key, Draw(partition, key));
            await world.DelayAsync(Random.Next(0, 250));
        }
    }

    public Task ReadAsync(PartitionId partition, string key) => CallAsync(partition, key, RegisterCall.Get);

    private RegisterCall Draw(PartitionId partition, string key)
    {
        long? ifVersion = Random.Next(2) == 0 ? _versions.GetValueOrDefault((partition, key)) : null;
        return Random.Next(10) switch
        {
            < 4 => RegisterCall.Get,
            < 8 => RegisterCall.Put($"c{number}.{++_values}", ifVersion),
            _ => RegisterCall.Delete(ifVersion is 0 ? null : ifVersion),
        };
    }

    private async Task CallAsync(PartitionId partition, string key, RegisterCall call)
    {
        long callNs = world.Kernel.NowNs;
        record.Keys.Invoke(_process, $"{partition}/{key}", call);
        Outcome outcome = await _caller.CallAsync(
            partition, Command(key, call), call.Action == RegisterAction.Get ? 3_000 : 6_000);
        world.Note($"{partition}/{key} {call} {outcome.Answer} {outcome.MayHaveHappened}");
        RegisterResult? result = outcome.Answer switch
        {
            KeyFound found => RegisterResult.Found(Names.Text(found.Entry.Value), found.Entry.Version.Value),
            KeyWritten written when call.Action == RegisterAction.Put => RegisterResult.Written(written.Version.Value),
            KeyWritten => RegisterResult.Deleted,
            Refused { Code: Refusal.VersionMismatch } refused => RegisterResult.Mismatch(refused.Current.Value),
            Refused { Code: Refusal.NotFound } => RegisterResult.Absent,
            _ => null,
        };
        if (result is not null)
        {
            record.Keys.Ok(_process, result);
            Learn(partition, key, call, outcome.Answer!, callNs, result);
        }
        else if (outcome.MayHaveHappened && call.Action != RegisterAction.Get)
        {
            _process = record.Keys.Unknown(_process, "no answer");
        }
        else
        {
            record.Keys.Fail(_process, "not done");
        }
    }

    private void Learn(
        PartitionId partition, string key, RegisterCall call, Answer answer, long callNs, RegisterResult result)
    {
        Revision? version = (answer as KeyWritten)?.Version ?? (answer as KeyFound)?.Entry.Version;
        _versions[(partition, key)] = result.Outcome == RegisterOutcome.Deleted ? 0 : result.Version;
        if (version is { } at)
        {
            record.Witnesses.Add(new Witness
            {
                Kind = answer is KeyWritten ? WitnessKind.Write : WitnessKind.Seen,
                Partition = partition.Value,
                Revision = at.Value,
                Key = key,
                Value = answer is KeyWritten ? call.Value : result.Value,
                CallNs = callNs,
                ReturnNs = world.Kernel.NowNs,
            });
        }
    }

    private static Command Command(string key, RegisterCall call)
    {
        var name = new Utf8Name(key);
        Condition condition = call.IfVersion switch
        {
            null => Condition.None,
            0 => Condition.IfAbsent,
            { } version => Condition.IfVersion(new Revision(version)),
        };
        return call.Action switch
        {
            RegisterAction.Get => new GetKey { Keyspace = Names.Keyspace, Key = name },
            RegisterAction.Put => new PutKey
            {
                Keyspace = Names.Keyspace,
                Key = name,
                Value = Encoding.UTF8.GetBytes(call.Value!),
                Condition = condition,
            },
            _ => new DeleteKey { Keyspace = Names.Keyspace, Key = name, Condition = condition },
        };
    }
}
