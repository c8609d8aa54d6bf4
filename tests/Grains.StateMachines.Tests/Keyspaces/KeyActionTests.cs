using System.Text;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;
using Grains.StateMachines.Tests.Partitions;

namespace Grains.StateMachines.Tests.Keyspaces;

public class KeyActionTests
{
    private readonly TestPartition _partition = new();

    [Fact]
    public void Additions_of_one_batch_see_each_other_and_take_a_revision_each()
    {
        Revision before = _partition.Machine.Revision;
        Answer?[] answers = _partition.Do(
            Do(Add("n", 1)), Do(Add("n", 41)), Do(new ReadKey { Key = new Utf8Name("n"), WithValue = true }));
        Assert.Equal([1, 42, 2], answers.Cast<KeyChanged>().Select(a => a.Result.Number));
        Assert.Equal("42", Encoding.ASCII.GetString(((KeyChanged)answers[2]!).Result.Value!));
        Assert.Equal(before + 2, _partition.Machine.Revision);
    }

    [Fact]
    public void An_addition_names_the_version_that_it_wrote_and_one_that_fails_none()
    {
        Answer?[] answers = _partition.Do(Do(Add("n", 1)), Do(Add("n", 1)));
        Assert.Equal(
            [_partition.Machine.Revision.Value - 1, _partition.Machine.Revision.Value],
            answers.Cast<KeyChanged>().Select(a => a.Result.Written.Value));
        Assert.Equal(_partition.Machine.Revision, _partition.Do<KeyFound>(_partition.Get("n")).Entry.Version);
        _partition.Do(_partition.Put("text", "abc"));
        Assert.Equal(Revision.None, Result(Add("text", 1)).Written);
    }

    [Fact]
    public void An_addition_with_a_time_to_live_sets_the_end_and_one_without_leaves_it()
    {
        _partition.Do(Do(Add("n", 1) with { TtlMs = 1_000 }));
        long end = _partition.Do<KeyFound>(_partition.Get("n")).Entry.ExpiresAtMs;
        _partition.Do(Do(Add("n", 1)));
        Assert.Equal(end, _partition.Do<KeyFound>(_partition.Get("n")).Entry.ExpiresAtMs);
        _partition.Do(Do(Add("n", 1) with { TtlMs = 2_000 }));
        Assert.Equal(end + 1_000, _partition.Do<KeyFound>(_partition.Get("n")).Entry.ExpiresAtMs);
    }

    [Fact]
    public void What_changes_nothing_takes_no_revision()
    {
        _partition.Do(_partition.Put("text", "abc"));
        Revision before = _partition.Machine.Revision;
        Assert.Equal(KeyFault.NotAnInteger, Result(Add("text", 1)).Fault);
        Assert.False(Result(new RemoveKey { Key = new Utf8Name("none") }).Changed);
        Assert.False(
            Result(
                new SetExpiry { Key = new Utf8Name("none"), Expiry = new KeyExpiry(KeyExpiryKind.After, 5) }).Changed);
        Assert.False(Result(Set("text", "x", condition: ConditionKind.Absent)).Changed);
        Assert.False(Result(Set("none", "x", condition: ConditionKind.Exists)).Changed);
        Assert.Equal(before, _partition.Machine.Revision);
        Assert.Equal("abc", _partition.Value("text"));
    }

    [Theory]
    [InlineData(long.MaxValue, 1)]
    [InlineData(long.MinValue, -1)]
    [InlineData(long.MinValue, long.MinValue)]
    public void A_sum_beyond_64_bits_is_a_fault_and_changes_nothing(long present, long by)
    {
        _partition.Do(_partition.Put("n", $"{present}"));
        Assert.Equal(KeyFault.IntegerOverflow, Result(Add("n", by)).Fault);
        Assert.Equal($"{present}", _partition.Value("n"));
    }

    [Theory]
    [InlineData(5)]
    [InlineData(-5)]
    [InlineData(0)]
    [InlineData((1L << 61) - 1)]
    [InlineData(-(1L << 61))]
    public void An_addition_repeated_under_its_id_is_done_once_and_answers_the_same_number(long by)
    {
        ChangeKey command = Do(Add("n", by)) with
        {
            Id = new CommandId(CommandId.NewIncarnation(_partition.NowMs, new Random(1)), 1)
        };
        KeyResult first = _partition.Do<KeyChanged>(command).Result;
        Assert.Equal(by, first.Number);
        _partition.Do(Do(Add("n", 1)));
        _partition.Crash();
        KeyResult again = _partition.Do<KeyChanged>(command).Result;
        Assert.Equal((by, true, KeyFault.None), (again.Number, again.IsRepeat, again.Fault));
        Assert.Equal(first.Written, again.Written);
        Assert.Equal($"{by + 1}", _partition.Value("n"));
    }

    [Fact]
    public void A_repeat_whose_number_was_too_great_to_be_kept_says_so()
    {
        _partition.Do(_partition.Put("n", $"{long.MaxValue - 1}"));
        ChangeKey command = Do(Add("n", 1)) with
        {
            Id = new CommandId(CommandId.NewIncarnation(_partition.NowMs, new Random(1)), 1)
        };
        Assert.Equal(long.MaxValue, _partition.Do<KeyChanged>(command).Result.Number);
        Assert.Equal(KeyFault.AnswerLost, _partition.Do<KeyChanged>(command).Result.Fault);
    }

    [Fact]
    public void Numbers_and_parts_keep_the_end_and_the_content_type_of_their_key()
    {
        _partition.Do(_partition.Put("n", "1", ttlMs: 10_000) with { ContentType = "text/plain" });
        Result(Add("n", 1));
        Result(new AppendBytes { Key = new Utf8Name("n"), Value = "0"u8.ToArray() });
        Result(new WriteRange { Key = new Utf8Name("n"), Offset = 3, Value = "5"u8.ToArray() });
        KeyView entry = _partition.Do<KeyFound>(_partition.Get("n")).Entry;
        Assert.Equal(
            ("20\05", "text/plain", _partition.NowMs + 10_000),
            (Encoding.ASCII.GetString(entry.Value), entry.ContentType, entry.ExpiresAtMs));
    }

    [Fact]
    public void A_value_does_not_grow_beyond_its_limit()
    {
        var partition = new TestPartition(new MachineLimits { ValueBytesMax = 10 });
        partition.Do(partition.Put("k", "0123456789"));
        Assert.Equal(
            KeyFault.TooLong,
            partition.Do<KeyChanged>(Do(new AppendBytes { Key = new Utf8Name("k"), Value = [1] })).Result.Fault);
        Assert.Equal(
            KeyFault.TooLong,
            partition.Do<KeyChanged>(
                Do(new WriteRange { Key = new Utf8Name("k"), Offset = int.MaxValue, Value = [1] })).Result.Fault);
        partition.Refuse(Do(Set("k", "01234567890")), Refusal.LimitExceeded);
        partition.Refuse(
            Do(new WriteRange { Key = new Utf8Name("k"), Offset = -1, Value = [1] }), Refusal.LimitExceeded);
        var nothing = new WriteRange { Key = new Utf8Name("none"), Offset = 0, Value = [] };
        Assert.False(partition.Do<KeyChanged>(Do(nothing)).Result.Changed);
    }

    [Fact]
    public void A_calendar_end_is_a_duration_from_then_on()
    {
        _partition.StepMs = 50_000;
        Result(Set("k", "v", new KeyExpiry(KeyExpiryKind.At, _partition.Now.WallMs + 10_000)));
        _partition.StepMs = 500_000;
        _partition.Tick(9_999);
        Assert.Equal("v", _partition.Value("k"));
        _partition.Tick(1);
        Assert.Null(_partition.Value("k"));
    }

    [Fact]
    public void An_end_that_is_over_deletes_the_key()
    {
        _partition.Do(_partition.Put("k", "v"));
        Assert.True(
            Result(new SetExpiry { Key = new Utf8Name("k"), Expiry = new KeyExpiry(KeyExpiryKind.At, 1) }).Changed);
        Assert.Null(_partition.Value("k"));
    }

    [Fact]
    public void A_transaction_is_one_revision_and_survives_as_one()
    {
        Revision before = _partition.Machine.Revision;
        KeysChanged done = _partition.Do<KeysChanged>(
            Together(Set("a", "1"), Add("a", 1), Set("b", "x"), Add("b", 1), Copy("a", "c", moves: true)));
        Assert.Equal(
            [KeyFault.None, KeyFault.None, KeyFault.None, KeyFault.NotAnInteger, KeyFault.None],
            done.Results.Select(r => r.Fault));
        Assert.Equal(before.Next, _partition.Machine.Revision);
        _partition.Crash();
        Assert.Equal([null, "x", "2"], new[] { "a", "b", "c" }.Select(_partition.Value));
    }

    [Fact]
    public void A_transaction_of_which_a_watched_key_has_changed_changes_nothing()
    {
        Revision version = _partition.Do<KeyWritten>(_partition.Put("a", "1")).Version;
        KeyTransaction command = Together(Add("n", 1)) with { Watched = [new WatchedKey(new Utf8Name("a"), version)] };
        _partition.Do<KeysChanged>(command);
        _partition.Do(_partition.Put("a", "2"));
        _partition.Refuse(command, Refusal.VersionMismatch);
        KeyTransaction absent = Together(Add("n", 1)) with
        {
            Watched = [new WatchedKey(new Utf8Name("none"), Revision.None)]
        };
        _partition.Do<KeysChanged>(absent);
        Assert.Equal("2", _partition.Value("n"));
    }

    [Fact]
    public void Over_its_budget_a_partition_refuses_what_grows_and_lets_the_rest_pass()
    {
        var partition = new TestPartition(new MachineLimits { PartitionBytesMax = 1_000 });
        for (int i = 0; i < 3; i++)
        {
            partition.Do(partition.Put($"k{i}", new string('x', 140)));
        }

        partition.Refuse(Do(Set("more", new string('x', 200))), Refusal.PartitionFull);
        partition.Refuse(
            Do(new AppendBytes { Key = new Utf8Name("k0"), Value = new byte[200] }), Refusal.PartitionFull);
        partition.Refuse(Together(Set("k0", "x"), Set("more", new string('x', 500))), Refusal.PartitionFull);
        Assert.True(partition.Do<KeyChanged>(Do(Set("k0", "short"))).Result.Changed);
        Assert.True(partition.Do<KeyChanged>(Do(new RemoveKey { Key = new Utf8Name("k1") })).Result.Changed);
    }

    [Fact]
    public void A_transaction_of_too_much_is_refused()
    {
        var partition = new TestPartition(new MachineLimits { KeyActionsMax = 2, CommitBytesMax = 1_000 });
        partition.Refuse(Together(Add("a", 1), Add("a", 1), Add("a", 1)), Refusal.LimitExceeded);
        partition.Refuse(Together(Set("a", new string('x', 1_000))), Refusal.LimitExceeded);
    }

    [Fact]
    public void Keys_are_counted_a_bounded_number_at_a_time()
    {
        for (int i = 0; i < 30; i++)
        {
            _partition.Do(_partition.Put($"k{i:00}", "v"));
        }

        KeysCounted all = _partition.Do<KeysCounted>(new CountKeys { Keyspace = TestPartition.Keyspace });
        Assert.Equal((30, "k29", false), (all.Count, all.Last.ToString(), all.More));
        Assert.Equal(
            9,
            _partition.Do<KeysCounted>(
                new CountKeys { Keyspace = TestPartition.Keyspace, After = new Utf8Name("k20") }).Count);
    }

    [Fact]
    public void A_deleted_keyspace_takes_no_actions()
    {
        _partition.Do(new DropKeyspace(TestPartition.Keyspace));
        _partition.Refuse(Do(Add("n", 1)), Refusal.KeyspaceDeleted);
        _partition.Refuse(Together(Add("n", 1)), Refusal.KeyspaceDeleted);
    }

    private KeyResult Result(KeyAction action) => _partition.Do<KeyChanged>(Do(action)).Result;

    private static ChangeKey Do(KeyAction action) => new() { Keyspace = TestPartition.Keyspace, Action = action };

    private static KeyTransaction Together(params KeyAction[] actions) =>
        new() { Keyspace = TestPartition.Keyspace, Actions = actions };

    private static AddInteger Add(string key, long by) => new() { Key = new Utf8Name(key), By = by };

    private static CopyKey Copy(string key, string to, bool moves) =>
        new() { Key = new Utf8Name(key), To = new Utf8Name(to), Moves = moves, Replaces = true };

    private static SetKey Set(
        string key, string value, KeyExpiry expiry = default, ConditionKind condition = default) =>
        new()
        {
            Key = new Utf8Name(key), Value = Encoding.ASCII.GetBytes(value), Expiry = expiry, Condition = condition
        };
}
