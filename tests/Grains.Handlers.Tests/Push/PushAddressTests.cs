using System.Net;
using System.Text.Json;
using Grains.Handlers.Push;
using Grains.Handlers.Tests.World;

namespace Grains.Handlers.Tests.Push;

public sealed class PushAddressTests
{
    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("::ffff:127.0.0.1", true)]
    [InlineData("10.1.2.3", true)]
    [InlineData("10.2.0.1", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("::ffff:169.254.169.254", false)]
    [InlineData("::1", false)]
    [InlineData("fd00::1", true)]
    [InlineData("0.0.0.0", false)]
    public void An_address_is_allowed_by_the_networks_alone_however_it_is_written(string address, bool allowed)
    {
        var addresses = new PushAddresses(
            [IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("10.1.0.0/16"), IPNetwork.Parse("fd00::/8")]);
        Assert.Equal(allowed, addresses.Allows(IPAddress.Parse(address)));
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    public async Task A_url_that_leads_elsewhere_is_not_connected_to_and_it_is_said_what_to_allow(string host)
    {
        await using HandlerWorld world = await HandlerWorld.StartAsync(pushTo: [IPNetwork.Parse("10.1.0.0/16")]);
        await using UserEndpoint endpoint = await UserEndpoint.StartAsync();
        string url = $"http://{host}:{new Uri(endpoint.Url).Port}/";
        await world.DeclareAsync(
            "greeter", new { handler = new { kind = "push", urls = new[] { url } }, retry = new { backoff = "10ms" } });
        await world.SendAsync("greeter", "a", "hello");
        JsonElement explained = default;
        await HandlerWorld.UntilAsync(async () =>
            (explained = await world.ExplainAsync("greeter", "a")).GetProperty("status").GetString() == "suspended");
        Assert.Contains("--push-to", explained.GetProperty("why").GetString(), StringComparison.Ordinal);
        Assert.Empty(endpoint.Seen);
    }
}
