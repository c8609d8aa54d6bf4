using System.Globalization;
using System.Text;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;

namespace Grains.StateMachines.Tests.Partitions;

/// <summary>The actions of keys in a random run: on keys of their own, against a dictionary.</summary>
internal sealed class RandomActions(Random random)
{
    private readonly Dictionary<(uint Partition, string Key), string> _model = [];
    private long _command;

    public void Step(TestPartition partition, bool drop)
    {
        KeyAction[] actions = [.. Enumerable.Range(0, 1 + random.Next(3)).Select(_ => Draw())];
        Command command = actions.Length == 1
            ? new ChangeKey
            {
                Keyspace = TestPartition.Keyspace, Action = actions[0], Id = new CommandId(1L << 31, ++_command)
            }
            : new KeyTransaction
            {
                Keyspace = TestPartition.Keyspace, Actions = actions, Id = new CommandId(1L << 31, ++_command)
            };
        Dictionary<(uint, string), string> before = new(_model);
        bool changes = actions.Select(a => Apply(partition.Id.Value, a)).ToArray().Any(changed => changed);
        if (drop)
        {
            partition.DoButDrop(command);
            _model.Clear();
            foreach (((uint, string) key, string value) in before)
            {
                _model[key] = value;
            }

            return;
        }

        Answer answer = partition.Do(command);
        Assert.False(answer is Refused, $"{answer}");
        if (changes)
        {
            // A repeat is known, and changes nothing.
            Assert.True(
                partition.Do(command) is KeyChanged { Result.IsRepeat: true } or KeysChanged { IsRepeat: true });
        }

        Array.ForEach(actions, a => CheckOne(partition, a.Key.ToString()));
    }

    public void Check(TestPartition partition)
    {
        for (int i = 0; i < 4; i++)
        {
            CheckOne(partition, $"a{i}");
        }
    }

    private void CheckOne(TestPartition partition, string key) =>
        Assert.Equal(_model.GetValueOrDefault((partition.Id.Value, key)), partition.Value(key));

    private KeyAction Draw()
    {
        var key = new Utf8Name($"a{random.Next(4)}");
        byte[] digits = Encoding.ASCII.GetBytes($"{random.Next(100)}");
        return random.Next(7) switch
        {
            0 => new SetKey { Key = key, Value = digits, Condition = (ConditionKind)random.Next(3) },
            1 => new RemoveKey { Key = key },
            2 or 3 => new AddInteger { Key = key, By = random.Next(-50, 50) },
            4 => new AppendBytes { Key = key, Value = "7"u8.ToArray() },
            5 => new CopyKey
            {
                Key = key, To = new Utf8Name($"a{random.Next(4)}"), Moves = random.Next(2) == 0,
                Replaces = random.Next(2) == 0
            },
            _ => new SetExpiry
            {
                Key = key, Expiry = new KeyExpiry(KeyExpiryKind.After, random.Next(3) == 0 ? 0 : 1L << 40)
            },
        };
    }

    /// <summary>What a person would do. True: something changed.</summary>
    private bool Apply(uint partition, KeyAction action)
    {
        (uint, string) key = (partition, action.Key.ToString());
        string? there = _model.GetValueOrDefault(key);
        switch (action)
        {
            case SetKey set when set.Condition == ConditionKind.Always
                || (set.Condition == ConditionKind.Absent) == (there is null):
                return Put(key, Encoding.ASCII.GetString(set.Value));
            case RemoveKey:
                return _model.Remove(key);
            case AddInteger add when long.TryParse(there ?? "0", CultureInfo.InvariantCulture, out long number)
                && Text(number) == (there ?? "0") && long.MaxValue - Math.Abs(number) > Math.Abs(add.By):
                return Put(key, Text(number + add.By));
            case AppendBytes:
                return Put(key, there + "7");
            case SetExpiry { Expiry.Ms: 0 }:
                return _model.Remove(key);
            case SetExpiry:
                // Perhaps: not where it would end when it ends already.
                return false;
            case CopyKey copy when there is not null && copy.To != copy.Key
                && (copy.Replaces || !_model.ContainsKey((partition, copy.To.ToString()))):
                _model[(partition, copy.To.ToString())] = there;
                if (copy.Moves)
                {
                    _model.Remove(key);
                }

                return true;
            default:
                return false;
        }
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private bool Put((uint, string) key, string value)
    {
        _model[key] = value;
        return true;
    }
}
