using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;
using Grains.StateMachines.Mailboxes;

namespace Grains.StateMachines.Tests.Partitions;

/// <summary>What one batch may add to the memory of the process.</summary>
public sealed class RoomTests
{
    private static readonly Room _none = new(0, TakesTransfers: true);

    private readonly TestPartition _partition = new();

    [Fact]
    public void Without_room_a_key_that_grows_is_refused_and_one_that_shrinks_or_goes_is_not()
    {
        Assert.IsType<KeyWritten>(Decide(null, Put("a", 10)));
        Assert.Equal(Refusal.PartitionFull, Assert.IsType<Refused>(Decide(_none, Put("b", 1))).Code);
        Assert.Equal(Refusal.PartitionFull, Assert.IsType<Refused>(Decide(_none, Put("a", 11))).Code);
        Assert.IsType<KeyWritten>(Decide(_none, Put("a", 10)));
        Assert.IsType<KeyWritten>(Decide(_none, Put("a", 3)));
        Assert.IsType<KeyWritten>(
            Decide(_none, new DeleteKey { Keyspace = TestPartition.Keyspace, Key = new Utf8Name("a") }));
    }

    [Fact]
    public void Without_room_a_message_and_a_state_are_refused_with_what_to_do()
    {
        Refused message = Assert.IsType<Refused>(Decide(_none, Send("n")));
        Assert.Equal(Refusal.PartitionFull, message.Code);
        Assert.Contains("--memory", message.Detail, StringComparison.Ordinal);
        var state = new PutState
        {
            Service = TestPartition.Service, Node = new Utf8Name("n"), State = new StateChange([1, 2, 3], null),
        };
        Assert.Equal(Refusal.PartitionFull, Assert.IsType<Refused>(Decide(_none, state)).Code);
    }

    [Fact]
    public void A_batch_ends_to_grow_within_one_command_of_its_room()
    {
        Command[] puts = [.. Enumerable.Range(0, 10).Select(i => Put($"k{i}", 1_000))];
        Answer[] answers = DecideAll(new Room(3_000, TakesTransfers: true), puts);
        Assert.Equal(3, answers.Count(a => a is KeyWritten));
        Assert.All(answers[3..], a => Assert.Equal(Refusal.PartitionFull, Assert.IsType<Refused>(a).Code));
    }

    [Fact]
    public void What_was_deleted_in_the_same_batch_makes_room()
    {
        Decide(null, Put("a", 1_000));
        Answer[] answers = DecideAll(
            _none, new DeleteKey { Keyspace = TestPartition.Keyspace, Key = new Utf8Name("a") }, Put("b", 100));
        Assert.All(answers, a => Assert.IsType<KeyWritten>(a));
    }

    [Trait("Rule", "10")]
    [Fact]
    public void Room_decides_nothing_when_records_are_applied()
    {
        Decide(null, Put("a", 1_000));
        Decide(_none, Put("b", 1_000));
        _partition.Crash();
        Assert.IsType<KeyFound>(
            _partition.Do(new GetKey { Keyspace = TestPartition.Keyspace, Key = new Utf8Name("a") }));
        Assert.IsType<KeyWritten>(_partition.Do(Put("c", 1_000)));
    }

    private static PutKey Put(string key, int bytes) =>
        new() { Keyspace = TestPartition.Keyspace, Key = new Utf8Name(key), Value = new byte[bytes] };

    private static SendMessage Send(string node) => new()
    {
        Service = TestPartition.Service, Node = new Utf8Name(node), Content = MessageContent.Empty, MailboxLimit = 10,
    };

    private Answer Decide(Room? room, Command command) => DecideAll(room, command)[0];

    private Answer[] DecideAll(Room? room, params Command[] commands) =>
        _partition.DoWithin(room ?? Room.Unlimited, commands);
}
