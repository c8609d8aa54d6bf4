using Grains.FrontEnd.Tests.World;
using Grains.Operations.Declarations;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;
using Grains.StateMachines.Mailboxes;
using Microsoft.Extensions.DependencyInjection;

namespace Grains.FrontEnd.Tests;

public sealed class DeclarationTests
{
    [Fact]
    public async Task A_keyspace_is_declared_once_keeps_its_layout_and_is_another_one_after_a_delete()
    {
        await using FrontEndServer server = await FrontEndServer.StartAsync();
        Reply created = await server.SendAsync("PUT", "/v1/keyspaces/a", """{"layout":"ordered"}""");
        Reply same = await server.SendAsync("PUT", "/v1/keyspaces/a", """{"layout":"ordered"}""");
        Reply other = await server.SendAsync("PUT", "/v1/keyspaces/a", """{"layout":"spread"}""");
        Assert.Equal((201, 200), (created.Status, same.Status));
        Assert.Equal(created.Body, same.Body);
        Assert.Equal("409 keyspace-immutable", other.Refusal);

        Assert.Equal(204, (await server.SendAsync("DELETE", "/v1/keyspaces/a")).Status);
        Assert.Equal("404 keyspace-not-found", (await server.SendAsync("DELETE", "/v1/keyspaces/a")).Refusal);
        Assert.Equal("404 keyspace-not-found", (await server.SendAsync("PUT", "/v1/keyspaces/a/keys/x", "1")).Refusal);
        Reply again = await server.SendAsync("PUT", "/v1/keyspaces/a", """{"layout":"spread"}""");
        Assert.Equal(201, again.Status);
        Assert.True(again.Json.GetProperty("id").GetInt64() > created.Json.GetProperty("id").GetInt64());
    }

    [Fact]
    public async Task A_service_has_its_defaults_and_keeps_its_id_when_it_is_replaced()
    {
        await using FrontEndServer server = await FrontEndServer.StartAsync();
        Reply created = await server.SendAsync("PUT", "/v1/services/words");
        Reply replaced = await server.SendAsync("PUT", "/v1/services/words",
            """{"handler":{"kind":"pull"},"retry":{"attempts":7,"backoff":"1500ms"},"lease":"2m","mailbox":{"limit":3}}""");
        Reply read = await server.SendAsync("GET", "/v1/services/words");

        Assert.Equal((201, 200), (created.Status, replaced.Status));
        long id = created.Json.GetProperty("id").GetInt64();
        Assert.Equal(
            $$$"""{"name":"words","id":{{{id}}},"handler":{"kind":"pull"},"retry":{"attempts":5,"backoff":"1s","maxBackoff":"1m"},"lease":"30s","mailbox":{"limit":10000,"maxHops":100000}}""",
            created.Body);
        Assert.Equal(
            $$$"""{"name":"words","id":{{{id}}},"handler":{"kind":"pull"},"retry":{"attempts":7,"backoff":"1500ms","maxBackoff":"1m"},"lease":"2m","mailbox":{"limit":3,"maxHops":100000}}""",
            replaced.Body);
        Assert.Equal(replaced.Body, read.Body);
    }

    [Fact]
    public async Task Declarations_are_listed_by_name()
    {
        await using FrontEndServer server = await FrontEndServer.StartAsync();
        foreach (string name in new[] { "b", "a", "c" })
        {
            await server.SendAsync("PUT", "/v1/services/" + name);
            await server.SendAsync("PUT", "/v1/keyspaces/" + name, """{"layout":"spread"}""");
        }

        Reply services = await server.SendAsync("GET", "/v1/services");
        Reply keyspaces = await server.SendAsync("GET", "/v1/keyspaces");
        Assert.Equal(
            ["a", "b", "c"],
            services.Json.GetProperty("services").EnumerateArray().Select(s => s.GetProperty("name").GetString()));
        Assert.Equal(
            ["a", "b", "c"],
            keyspaces.Json.GetProperty("keyspaces").EnumerateArray().Select(s => s.GetProperty("name").GetString()));
    }

    [Fact]
    public async Task Concurrent_declarations_of_one_keyspace_create_it_once()
    {
        await using FrontEndServer server = await FrontEndServer.StartAsync();
        Reply[] replies = await Task.WhenAll(Enumerable.Range(0, 16)
            .Select(_ => server.SendAsync("PUT", "/v1/keyspaces/a", """{"layout":"spread"}""")));
        Assert.Single(replies, r => r.Status == 201);
        Assert.Single(replies.Select(r => r.Body).Distinct());
    }

    [Fact]
    public async Task A_declaration_that_others_change_every_time_is_refused_as_busy()
    {
        await using FrontEndServer server = await FrontEndServer.StartAsync();
        server.Partitions.Script = (_, command, _) => command is PutKey
            ? Task.FromResult<Answer>(new Refused(Refusal.VersionMismatch, "Another one."))
            : null;
        Assert.Equal("409 declaration-busy", (await server.SendAsync("PUT", "/v1/services/words")).Refusal);
    }

    [Fact]
    public async Task A_look_up_is_shared_for_a_second_and_a_missing_name_is_read_each_time()
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        int Reads(string name) =>
            server.Partitions.Seen.Count(s => s.Command is GetKey get && get.Key == new Utf8Name("keyspaces/" + name));
        int before = Reads("ks");
        for (int i = 0; i < 20; i++)
        {
            await server.SendAsync("GET", "/v1/keyspaces/ks/keys/a");
            await server.SendAsync("GET", "/v1/keyspaces/none/keys/a");
        }

        Assert.InRange(Reads("ks") - before, 0, 3);
        Assert.Equal(20, Reads("none"));
    }

    [Fact]
    public async Task A_deleted_service_is_forgotten_by_every_partition_in_steps_and_then_its_tombstone_goes()
    {
        await using FrontEndServer server = await FrontEndServer.StartAsync();
        Reply declared = await server.SendAsync("PUT", "/v1/services/words");
        var id = new ServiceId(declared.Json.GetProperty("id").GetInt64());
        int steps = 0;
        server.Partitions.Script = (_, command, _) => command is DropService
            ? Task.FromResult<Answer>(new Dropped(Remaining: Interlocked.Increment(ref steps) % 3 != 0))
            : null;
        await server.SendAsync("DELETE", "/v1/services/words");
        await server.Services.GetRequiredService<DropSweeper>().SweepAsync(CancellationToken.None);

        Assert.True(steps >= 4 * 3);
        Assert.Equal(4, server.Partitions.Seen.Where(s => s.Command is DropService drop && drop.Service == id)
            .Select(s => s.Partition).Distinct().Count());
        Assert.Empty(
            await server.Services.GetRequiredService<SystemKeyspace>().ListTombstonesAsync(CancellationToken.None));
    }

    [Fact]
    public async Task A_delete_that_died_after_its_tombstone_is_finished_by_the_sweeper()
    {
        await using FrontEndServer server = await FrontEndServer.StartAsync();
        await server.SendAsync("PUT", "/v1/keyspaces/a", """{"layout":"spread"}""");
        bool dead = true;
        server.Partitions.Script = (_, command, _) => dead && command is DeleteKey
            ? Task.FromException<Answer>(new Silo.Partitions.PartitionUnavailableException(default, false, "Dead."))
            : null;
        Assert.Equal("503 unavailable", (await server.SendAsync("DELETE", "/v1/keyspaces/a")).Refusal);
        dead = false;
        await server.Services.GetRequiredService<DropSweeper>().SweepAsync(CancellationToken.None);
        Reply again = await server.SendAsync("PUT", "/v1/keyspaces/a", """{"layout":"ordered"}""");
        Assert.Equal(201, again.Status);
    }

    [Fact]
    public async Task A_tombstone_does_not_touch_a_later_declaration_of_the_same_name()
    {
        await using FrontEndServer server = await FrontEndServer.StartAsync();
        Reply first = await server.SendAsync("PUT", "/v1/keyspaces/a", """{"layout":"spread"}""");
        await server.SendAsync("DELETE", "/v1/keyspaces/a");
        await server.SendAsync("PUT", "/v1/keyspaces/a", """{"layout":"ordered"}""");
        SystemKeyspace system = server.Services.GetRequiredService<SystemKeyspace>();
        await system.AddTombstoneAsync(new Tombstone(Kind.Keyspaces, first.Json.GetProperty("id").GetInt64(), "a"));
        await server.Services.GetRequiredService<DropSweeper>().SweepAsync(CancellationToken.None);
        Assert.Contains("ordered", (await server.SendAsync("GET", "/v1/keyspaces/a")).Body);
        Assert.NotNull(await system.GetAsync(Kind.Keyspaces, "a", CancellationToken.None));
    }
}
