using Grains.FrontEnd.Routes;
using Grains.FrontEnd.Tests.World;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Grains.FrontEnd.Tests;

public sealed class FrequentRoutesTests
{
    private static readonly string[] _methods = ["PUT", "GET", "POST", "DELETE", "PATCH"];

    private static readonly string[] _paths =
    [
        "/", "//", "/v1", "/v1/keyspaces", "/v1/keyspaces/ks", "/v1/keyspaces/ks/keys", "/v1/keyspaces/ks/keys/",
        "/v1/keyspaces/ks/keys//", "/v1/keyspaces/ks/keys/a", "/v1/keyspaces/ks/keys/a/", "/v1/keyspaces/ks/keys/a/b",
        "/v1/keyspaces/ks/keys//a", "/v1/keyspaces/ks/keys/a:increment", "/v1/keyspaces/ks/keys/a%2Fb",
        "/v1/keyspaces/ks/keys/%2F", "/v1/keyspaces/ks/keys/a?ttl=1h", "/v1/keyspaces/ks/keys?limit=1",
        "/v1/keyspaces/ks/keys:batch", "/v1/keyspaces//keys/a", "//v1/keyspaces/ks/keys/a", "/V1/Keyspaces/ks/Keys/a",
        "/v1/key%73paces/ks/keys/a", "/v1/keyspaces/ks%2Fkeys/a", "/v1/keyspaces/other/keys/a", "/v2/keyspaces/ks/keys/a",
        "/v1/keyspaces/ks/key/a", "/v1/services/words/receive", "/v1/services/words/receive/",
        "/v1/services/words/nodes/n/messages", "/v1/services/words/nodes/n/messages/", "/v1/services/words/nodes/n/receive",
        "/v1/services/words/nodes//messages", "/v1/services//nodes/n/messages", "/v1/services/words/nodes/n/messages/x",
        "/v1/services/words/nodes/n/MESSAGES", "/v1/services/words/nodes/a%2Fb/messages", "/v1/services/words/nodes/n",
        "/v1/deliveries/d", "/v1/deliveries/d:commit", "/v1/deliveries/d:renew", "/v1/deliveries/d:x", "/v1/deliveries/",
        "/v1/deliveries/d:commit/", "/v1/deliveries/a/b:commit", "/v1/deliveries/:commit",
    ];

    [Fact]
    public async Task They_are_answered_as_routing_would_whatever_a_path_looks_like()
    {
        await using FrontEndServer frequent = await FrontEndServer.StartDeclaredAsync();
        await using FrontEndServer routed = await FrontEndServer.StartDeclaredAsync(
            addServices: services => services.Remove(
                services.Single(s => s.ImplementationType == typeof(FrequentRoutes))));
        foreach (string path in _paths)
        {
            foreach (string method in _methods)
            {
                string request = $"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n";
                Assert.Equal(
                    request + What(await routed.RawAsync(request)), request + What(await frequent.RawAsync(request)));
            }
        }
    }

    private static string What(Reply reply) => reply.Status < 400 ? $"{reply.Status} {reply.Body}" : reply.Refusal;

    [Theory]
    [InlineData("PUT", "/v1/keyspaces/ks/keys/a", true)]
    [InlineData("GET", "/v1/keyspaces/ks/keys/a/b%2F", true)]
    [InlineData("POST", "/v1/services/words/nodes/n/messages", true)]
    [InlineData("POST", "/v1/services/words/nodes/n/receive", true)]
    [InlineData("POST", "/v1/services/words/receive", true)]
    [InlineData("POST", "/v1/deliveries/d:commit", true)]
    [InlineData("GET", "/v1/keyspaces", false)]
    [InlineData("PUT", "/v1/keyspaces/ks/keys/", false)]
    [InlineData("PUT", "/V1/keyspaces/ks/keys/a", false)]
    public async Task What_is_asked_for_most_is_found_without_routing(string method, string path, bool isFound)
    {
        await using FrontEndServer server = await FrontEndServer.StartAsync();
        var routes = new FrequentRoutes(server.Services.GetRequiredService<EndpointDataSource>());
        Assert.Equal(isFound, routes.Find(method, path.AsSpan(1)) is not null);
    }
}
