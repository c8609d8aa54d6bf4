using System.Net;
using System.Net.Sockets;
using Grains.Handlers.Push;

namespace Grains.Handlers.Tests.Push;

/// <summary>Each address of a name is judged by itself: a name that also leads elsewhere opens nothing there.</summary>
public sealed class PushAddressesTests
{
    private static readonly IPNetwork[] _allowed = [IPNetwork.Parse("127.0.0.2/32")];

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.2")]
    [InlineData("127.0.0.2", "127.0.0.1")]
    [InlineData("127.0.0.2", "::ffff:127.0.0.1")]
    [InlineData("127.0.0.2", "::1")]
    public async Task One_allowed_address_of_a_name_does_not_allow_the_others(params string[] addresses)
    {
        // Somebody listens at the forbidden address only: a connection there would be made.
        IPAddress forbidden = IPAddress.Parse(addresses.First(a => a != "127.0.0.2"));
        IPAddress at = forbidden.IsIPv4MappedToIPv6 ? forbidden.MapToIPv4() : forbidden;
        if (at.AddressFamily == AddressFamily.InterNetworkV6 && !Socket.OSSupportsIPv6)
        {
            at = IPAddress.Loopback;
        }

        using var listener = new TcpListener(at, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;
        using HttpClient http = Client(addresses);
        HttpRequestException refused = await Assert.ThrowsAsync<HttpRequestException>(
            () => http.GetAsync(new Uri($"http://two.example:{port}/")));
        Assert.IsType<SocketException>(refused.InnerException);
        Assert.False(listener.Pending(), $"{forbidden} was connected to.");
    }

    [Fact]
    public async Task A_name_without_any_allowed_address_is_refused_with_all_that_were_found()
    {
        using HttpClient http = Client("127.0.0.1", "10.0.0.1");
        HttpRequestException refused = await Assert.ThrowsAsync<HttpRequestException>(
            () => http.GetAsync(new Uri("http://two.example/")));
        Assert.Contains("127.0.0.1, 10.0.0.1", $"{refused.InnerException ?? refused}", StringComparison.Ordinal);
    }

    private static HttpClient Client(params string[] addresses)
    {
        var pushed = new PushAddresses(
            _allowed, resolve: (_, _) => Task.FromResult(addresses.Select(IPAddress.Parse).ToArray()));
        return new HttpClient(new SocketsHttpHandler { UseProxy = false, ConnectCallback = pushed.ConnectAsync })
        {
            Timeout = TimeSpan.FromSeconds(20),
        };
    }
}
