namespace Grains.FrontEnd.Tests.World;

/// <summary>Servers for the cases of a theory that leave nothing behind that another case would see.</summary>
public sealed class SharedServers : IAsyncLifetime
{
    /// <summary>With a keyspace <c>ks</c> and a service <c>words</c>.</summary>
    internal FrontEndServer Loopback { get; private set; } = null!;

    internal FrontEndServer Insecure { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Loopback = await FrontEndServer.StartDeclaredAsync();
        Insecure = await FrontEndServer.StartAsync(configure: o => o.Insecure = true);
    }

    public async Task DisposeAsync()
    {
        await Loopback.DisposeAsync();
        await Insecure.DisposeAsync();
    }
}
