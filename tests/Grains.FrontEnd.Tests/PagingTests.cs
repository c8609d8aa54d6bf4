using System.Text.Json;
using Grains.FrontEnd.Tests.World;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;

namespace Grains.FrontEnd.Tests;

/// <summary>Every list, from the first page to the last: each entry once, in order, none made up.</summary>
public sealed class PagingTests
{
    private const int _partitions = 4;

    /// <summary>The list, its member, the name of an entry; how many entries, and how many a page.</summary>
    public static TheoryData<string, string, string, int, int> Lists
    {
        get
        {
            var data = new TheoryData<string, string, string, int, int>();
            foreach ((string path, string member, string name) in new[]
            {
                ("/v1/keyspaces/spread/keys", "keys", "key"), ("/v1/keyspaces/ordered/keys", "keys", "key"),
                ("/v1/services/words/nodes", "nodes", "node"), ("/v1/services/words/nodes/n/mailbox", "messages", "id"),
                ("/v1/services/words/nodes/n/delayed", "messages", "id"),
                ("/v1/services/words/nodes/n/dead", "messages", "id"),
            })
            {
                foreach ((int count, int limit) in new[]
                {
                    (0, 1), (1, 1), (7, 1), (7, 2), (7, 6), (7, 7), (7, 8), (40, 3)
                })
                {
                    data.Add(path, member, name, count, limit);
                }
            }

            return data;
        }
    }

    [Theory, MemberData(nameof(Lists))]
    public async Task Every_entry_of_a_list_comes_once_and_in_order(
        string path, string member, string name, int count, int limit)
    {
        await using FrontEndServer server = await StartAsync(count);
        var seen = new List<string>();
        string? next = null;
        int pages = 0;
        do
        {
            string after = next is null ? "" : "&after=" + Uri.EscapeDataString(next);
            Reply page = await server.SendAsync("GET", $"{path}?limit={limit}{after}");
            Assert.Equal(200, page.Status);
            string[] entries =
            [
                .. page.Json.GetProperty(member).EnumerateArray().Select(e => e.GetProperty(name).GetString()!)
            ];
            Assert.InRange(entries.Length, count == 0 ? 0 : 1, limit);
            seen.AddRange(entries);
            next = page.Json.TryGetProperty("next", out JsonElement there) && there.ValueKind != JsonValueKind.Null
                ? there.GetString()
                : null;
            Assert.InRange(++pages, 1, Math.Max(count, 1));
        }
        while (next is not null);

        string[] expected = member == "messages"
            ? [.. Messages(count).Select(m => m.Id.ToString())]
            : [.. Enumerable.Range(0, count).Select(NameOf).Order(StringComparer.Ordinal)];
        Assert.Equal(expected, seen);
    }

    [Fact]
    public async Task A_page_may_begin_after_a_name_that_is_not_there()
    {
        await using FrontEndServer server = await StartAsync(7);
        foreach (string path in new[]
        {
            "/v1/keyspaces/spread/keys?after=k03x", "/v1/keyspaces/ordered/keys?after=k03x",
            "/v1/services/words/nodes?after=k03x"
        })
        {
            Reply page = await server.SendAsync("GET", path);
            string[] names =
            [
                .. page.Json.EnumerateObject().First().Value.EnumerateArray()
                .Select(e => e.EnumerateObject().First().Value.GetString()!)
            ];
            Assert.Equal(["k04", "k05", "k06"], names);
        }
    }

    private static async Task<FrontEndServer> StartAsync(int count)
    {
        FrontEndServer server = await FrontEndServer.StartAsync(_partitions);
        await server.SendAsync("PUT", "/v1/services/words", "{}");
        foreach (string layout in new[] { "spread", "ordered" })
        {
            await server.SendAsync("PUT", "/v1/keyspaces/" + layout, $$"""{"layout":"{{layout}}"}""");
            for (int i = 0; i < count; i++)
            {
                await server.SendAsync("PUT", $"/v1/keyspaces/{layout}/keys/{NameOf(i)}", "x", null);
            }
        }

        server.Partitions.Script = (partition, command, _) => command switch
        {
            ListNodes list => Task.FromResult<Answer>(Nodes(partition, list, count)),
            ListMessages list => Task.FromResult<Answer>(Messages(list, count)),
            _ => null,
        };
        return server;
    }

    private static string NameOf(int i) => $"k{i:d2}";

    private static NodePage Nodes(PartitionId partition, ListNodes list, int count)
    {
        Utf8Name[] all =
        [
            .. Enumerable.Range(0, count).Where(i => i % _partitions == partition.Value)
            .Select(i => new Utf8Name(NameOf(i)))
                .Where(n => list.After.Length == 0 || n.CompareTo(list.After) > 0),
        ];
        return new NodePage([.. all.Take(list.Limit).Select(n => new NodeView { Node = n })], all.Length > list.Limit);
    }

    private static MessagePage Messages(ListMessages list, int count)
    {
        MessageView[] all =
        [
            .. Messages(count).Where(m => list.After is not { } after || m.Id.Revision.Value > after.Revision.Value)
        ];
        return new MessagePage([.. all.Take(list.Limit)], all.Length > list.Limit);
    }

    private static IEnumerable<MessageView> Messages(int count) =>
        Enumerable.Range(1, count).Select(i => new MessageView
    {
        Id = new MessageId(new PartitionId(2), new Revision(i), 0),
        Node = new Utf8Name("n"),
        Content = new MessageContent { Body = [] },
    });
}
