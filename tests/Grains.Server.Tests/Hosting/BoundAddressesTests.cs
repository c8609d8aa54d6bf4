using Grains.Server.Logs;
using Grains.Server.Options;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;

namespace Grains.Server.Tests.Hosting;

public sealed class BoundAddressesTests
{
    [Theory]
    [InlineData("http://127.0.0.1:{0}", "http://127.0.0.1:{0}", true)]
    [InlineData("http://localhost:{0}", "http://localhost:{0}", true)]
    [InlineData("http://127.0.0.1:{0}", "http://0.0.0.0:{0}", false)]
    [InlineData("http://127.0.0.1:{0}", "http://[::]:{0}", false)]
    [InlineData("http://127.0.0.1:1", "http://127.0.0.1:{0}", false)]
    public async Task An_address_that_the_settings_do_not_name_ends_the_start(
        string allowed, string bound, bool isAllowed)
    {
        int port = FreePort.Find();
        WebApplicationBuilder builder = GrainsHost.CreateBuilder(LogLevels.Usual);
        builder.WebHost.UseUrls(Format(bound, port));
        await using WebApplication server = builder.Build();
        await server.StartAsync();
        var options = new GrainsOptions { DataFolder = "", Urls = [new Uri(Format(allowed, port))] };
        StartException? refusal = Record.Exception(() => BoundAddresses.Check(server, options)) as StartException;
        Assert.Equal(isAllowed, refusal is null);
        Assert.True(isAllowed || refusal!.Message.Contains($":{port}, which --urls", StringComparison.Ordinal));
    }

    private static string Format(string address, int port) =>
        address.Replace("{0}", $"{port}", StringComparison.Ordinal);
}
