using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;
using Grains.StateMachines.Tests.Partitions;

namespace Grains.StateMachines.Tests.Keyspaces;

public class KeyTests
{
    private readonly TestPartition _partition = new();

    [Fact]
    public void A_put_is_read_back_with_the_revision_that_wrote_it()
    {
        KeyWritten written = _partition.Do<KeyWritten>(_partition.Put("a", "1"));
        KeyFound found = _partition.Do<KeyFound>(_partition.Get("a"));
        Assert.True(written.Created);
        Assert.Equal(written.Version, found.Entry.Version);
        Assert.Equal(written.Version, found.Entry.Created);
        Assert.Equal(written.Version, found.At);
    }

    [Fact]
    public void A_put_with_a_stale_version_changes_nothing_and_reports_the_current_one()
    {
        Revision first = _partition.Do<KeyWritten>(_partition.Put("a", "1")).Version;
        Revision second = _partition.Do<KeyWritten>(_partition.Put("a", "2", Condition.IfVersion(first))).Version;
        Refused refused = _partition.Refuse(
            _partition.Put("a", "3", Condition.IfVersion(first)), Refusal.VersionMismatch);
        Assert.Equal(second, refused.Current);
        Assert.Equal(second, _partition.Machine.Revision);
        Assert.Equal("2", _partition.Value("a"));
    }

    [Fact]
    public void Of_two_creations_in_one_batch_the_first_wins_and_the_second_sees_it()
    {
        Answer?[] answers = _partition.Do(
            _partition.Put("a", "1", Condition.IfAbsent), _partition.Put("a", "2", Condition.IfAbsent));
        Revision version = Assert.IsType<KeyWritten>(answers[0]).Version;
        Assert.Equal(version, Assert.IsType<Refused>(answers[1]).Current);
        Assert.Equal("1", _partition.Value("a"));
    }

    [Fact]
    public void A_deleted_and_recreated_key_has_another_version_so_an_old_condition_fails()
    {
        Revision old = _partition.Do<KeyWritten>(_partition.Put("a", "1")).Version;
        _partition.Do<KeyWritten>(_partition.Delete("a"));
        _partition.Do<KeyWritten>(_partition.Put("a", "1"));
        _partition.Refuse(_partition.Delete("a", Condition.IfVersion(old)), Refusal.VersionMismatch);
    }

    [Fact]
    public void A_key_with_a_ttl_ends_in_a_record_of_its_own_never_early()
    {
        _partition.Do<KeyWritten>(_partition.Put("a", "1", ttlMs: 10_000));
        Assert.Equal(_partition.NowMs + 10_000, _partition.WakeAtMs);
        _partition.Tick(9_999);
        Assert.Equal("1", _partition.Value("a"));
        Revision before = _partition.Machine.Revision;
        _partition.Tick(1);
        Assert.Equal(before.Next, _partition.Machine.Revision);
        Assert.Null(_partition.Value("a"));
        Assert.Null(_partition.WakeAtMs);
    }

    [Fact]
    public void A_ttl_survives_a_crash_and_a_rewrite_without_one_lifts_it()
    {
        _partition.Do(_partition.Put("a", "1", ttlMs: 10_000), _partition.Put("b", "1", ttlMs: 10_000));
        _partition.Do(_partition.Put("b", "2"));
        _partition.Checkpoint();
        _partition.Crash();
        _partition.Tick(10_000);
        Assert.Null(_partition.Value("a"));
        Assert.Equal("2", _partition.Value("b"));
    }

    [Fact]
    public void A_listing_is_in_bytewise_order_paged_and_bounded_by_prefix_and_end()
    {
        foreach (string key in new[] { "b/2", "a", "b/10", "b/1", "c", "b" })
        {
            _partition.Do(_partition.Put(key, key));
        }

        KeyPage first = _partition.Do<KeyPage>(List(prefix: "b/", limit: 2));
        Assert.Equal(["b/1", "b/10"], first.Entries.Select(e => e.Key.ToString()));
        Assert.True(first.More);
        KeyPage rest = _partition.Do<KeyPage>(List(prefix: "b/", limit: 2, after: "b/10"));
        Assert.Equal(["b/2"], rest.Entries.Select(e => e.Key.ToString()));
        Assert.False(rest.More);
        Assert.Equal(
            ["b", "b/1"], _partition.Do<KeyPage>(List(start: "b", end: "b/10")).Entries.Select(e => e.Key.ToString()));
        KeyPage behind = _partition.Do<KeyPage>(List(after: "b", limit: 2));
        Assert.Equal(["b/1", "b/10"], behind.Entries.Select(e => e.Key.ToString()));
        Assert.Empty(_partition.Do<KeyPage>(List(start: "b/2", after: "b/2", end: "b/3")).Entries);
    }

    [Fact]
    public void A_dropped_keyspace_forgets_its_keys_in_bounded_steps_and_takes_no_more()
    {
        var partition = new TestPartition(new MachineLimits { SweepMax = 10 });
        for (int i = 0; i < 25; i++)
        {
            partition.Do(partition.Put($"k{i}", "v"));
        }

        int steps = 0;
        while (partition.Do<Dropped>(new DropKeyspace(TestPartition.Keyspace)).Remaining)
        {
            Assert.True(++steps < 10, "dropping ends");
        }

        Assert.Equal(0, partition.Machine.Statistics.Keys);
        Assert.Equal(0, partition.Machine.Statistics.Bytes);
        partition.Refuse(partition.Put("k", "v"), Refusal.KeyspaceDeleted);
    }

    [Fact]
    public void Over_its_budget_a_partition_refuses_growing_writes_and_lets_deletes_and_shrinking_ones_pass()
    {
        var partition = new TestPartition(new MachineLimits { PartitionBytesMax = 1_000 });
        for (int i = 0; i < 6; i++)
        {
            partition.Do(partition.Put($"k{i}", new string('x', 100)));
        }

        partition.Refuse(partition.Put("more", "v"), Refusal.PartitionFull);
        partition.Refuse(partition.Send("n", "m"), Refusal.PartitionFull);
        partition.Do<KeyWritten>(partition.Put("k1", "short"));
        partition.Do<KeyWritten>(partition.Delete("k0"));
    }

    [Trait("Rule", "5")]
    [Fact]
    public void A_command_repeated_under_its_id_is_applied_once_also_after_a_crash()
    {
        var id = new CommandId(CommandId.NewIncarnation(_partition.NowMs, new Random(1)), 1);
        KeyWritten first = _partition.Do<KeyWritten>(_partition.Put("a", "1", id: id));
        _partition.Do(_partition.Put("a", "2"));
        Assert.Equal(first.Version, _partition.Do<KeyWritten>(_partition.Put("a", "1", id: id)).Version);
        _partition.Crash();
        Assert.Equal(first.Version, _partition.Do<KeyWritten>(_partition.Put("a", "1", id: id)).Version);
        _partition.Checkpoint();
        _partition.Crash();
        Assert.Equal(first, _partition.Do<KeyWritten>(_partition.Put("a", "1", id: id)) with { At = first.At });
        Assert.Equal("2", _partition.Value("a"));
    }

    [Trait("Rule", "5")]
    [Fact]
    public void A_command_id_below_the_window_or_of_a_forgotten_front_end_is_refused_never_applied()
    {
        var partition = new TestPartition(new MachineLimits { CommandWindow = 8, RoutersMax = 2 });
        long born = CommandId.NewIncarnation(5_000, new Random(1));
        for (int i = 1; i <= 20; i++)
        {
            partition.Do<KeyWritten>(partition.Put("a", $"{i}", id: new CommandId(born, i)));
        }

        Assert.IsType<KeyWritten>(partition.Do(partition.Put("a", "x", id: new CommandId(born, 13))));
        partition.Refuse(partition.Put("a", "x", id: new CommandId(born, 12)), Refusal.CommandTooOld);
        for (int later = 1; later <= 2; later++)
        {
            partition.Do(partition.Put("b", "1", id: new CommandId(born + (later << 20), 1)));
        }

        partition.Refuse(partition.Put("a", "x", id: new CommandId(born, 20)), Refusal.CommandTooOld);
        Assert.Equal("20", partition.Value("a"));
    }

    private static ListKeys List(
        string prefix = "", string start = "", string end = "", string after = "", int limit = 100) => new()
    {
        Keyspace = TestPartition.Keyspace,
        Prefix = new Utf8Name(prefix),
        Start = new Utf8Name(start),
        End = new Utf8Name(end),
        After = new Utf8Name(after),
        Limit = limit,
    };
}
