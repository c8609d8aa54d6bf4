using Grains.FrontEnd.Tests.World;
using Grains.Operations.Declarations;
using Grains.Silo.Partitions;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;

namespace Grains.FrontEnd.Tests;

public sealed class ReadChoiceTests
{
    private const string _key = "/v1/keyspaces/ks/keys/a";

    [Theory]
    [InlineData("", ConsistencyLevel.Linearizable, "linearizable")]
    [InlineData("?read=linearizable", ConsistencyLevel.Linearizable, "linearizable")]
    [InlineData("?read=stale", ConsistencyLevel.Stale, "stale")]
    public async Task The_choice_reaches_the_partition_and_the_answer_names_it(
        string query, ConsistencyLevel kind, string header)
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        await server.SendAsync("PUT", _key, "one", "text/plain");
        Reply read = await server.SendAsync("GET", _key + query);

        Assert.Equal((200, header), (read.Status, read.Headers["Grains-Read"]));
        Assert.Equal(kind, server.Partitions.Last<GetKey>().Consistency.Level);
    }

    [Fact]
    public async Task A_position_of_a_write_binds_a_session_read_of_its_own_partition_and_of_no_other()
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        Reply put = await server.SendAsync("PUT", _key, "one", "text/plain");
        string position = put.Headers["Grains-Position"];
        await server.SendAsync("GET", $"{_key}?read=session&at={position}");
        (PartitionId partition, Command command) = server.Partitions.Seen.Last();
        Assert.Equal(new ReadConsistency(ConsistencyLevel.Session, 0, new Revision(1)), command.Consistency);

        await server.SendAsync("GET", $"/v1/keyspaces/ks/keys?read=session&at={position}");
        (PartitionId Partition, Command Command)[] lists =
        [
            .. server.Partitions.Seen.Where(s => s.Command is ListKeys { Keyspace.Value: > 0 })
        ];
        Assert.Equal(4, lists.Length);
        Assert.All(
            lists,
            l => Assert.Equal(
                l.Partition == partition ? ConsistencyLevel.Session : ConsistencyLevel.Stale,
                l.Command.Consistency.Level));
    }

    [Theory]
    [InlineData("?read=newest", "linearizable, session, stale")]
    [InlineData("?read=session", "position")]
    [InlineData("?read=session&at=over-there", "position")]
    [InlineData("?read=stale&at=1-2", "session")]
    [InlineData("?at=1-2", "session")]
    [InlineData("?read=stale&read=stale", "twice")]
    public async Task A_choice_that_means_nothing_is_refused_in_words(string query, string word)
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        Reply read = await server.SendAsync("GET", _key + query);
        Assert.Equal("400 bad-parameter", read.Refusal);
        Assert.Contains(word, read.Json.GetProperty("detail").GetString());
    }

    [Fact]
    public async Task A_position_of_a_history_that_is_gone_is_answered_410()
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        string position = (await server.SendAsync("PUT", _key, "one", "text/plain")).Headers["Grains-Position"];
        server.Partitions.Script = (_, command, _) => command.Consistency.Level == ConsistencyLevel.Session
            ? Task.FromResult<Answer>(new Refused(Refusal.HistoryChanged, "It was restored."))
            : null;
        Assert.Equal(
            "410 history-changed", (await server.SendAsync("GET", $"{_key}?read=session&at={position}-7")).Refusal);
        Assert.Equal(7, server.Partitions.Last<GetKey>().Consistency.Incarnation);
    }

    [Fact]
    public async Task While_no_declaration_can_be_read_a_stale_read_uses_what_is_known_however_old()
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        await server.SendAsync("PUT", _key, "one", "text/plain");
        await Task.Delay(DeclarationCache<object>.FreshMs + 200);
        server.Partitions.Script = (partition, command, _) => command.Consistency.Level == ConsistencyLevel.Linearizable
            ? Task.FromException<Answer>(
                new PartitionUnavailableException(partition, outcomeKnown: true, "The journal is unavailable."))
            : null;

        Assert.Equal("503 unavailable", (await server.SendAsync("GET", _key)).Refusal);
        Assert.Equal("503 unavailable", (await server.SendAsync("PUT", _key, "two", "text/plain")).Refusal);
        Assert.Equal("one", (await server.SendAsync("GET", _key + "?read=stale")).Body);
        Assert.Equal(
            "404 key-not-found", (await server.SendAsync("GET", "/v1/keyspaces/ks/keys/b?read=stale")).Refusal);
        Assert.Equal(200, (await server.SendAsync("GET", "/v1/keyspaces/ks/keys?read=stale")).Status);
    }

    [Fact]
    public async Task A_server_that_never_saw_a_declaration_reads_it_from_the_past_too()
    {
        await using FrontEndServer server = await FrontEndServer.StartAsync();
        await server.SendAsync("GET", _key + "?read=stale");
        Assert.Equal(
            (KeyspaceId.System, ConsistencyLevel.Stale),
            (server.Partitions.Last<GetKey>().Keyspace, server.Partitions.Last<GetKey>().Consistency.Level));
    }
}
