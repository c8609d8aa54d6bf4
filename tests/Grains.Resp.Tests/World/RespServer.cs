using System.Net;
using System.Security.Cryptography;
using System.Text;
using Grains.Api.Keyspaces;
using Grains.Operations.Access;
using Grains.Operations.Keyspaces;
using Grains.Resp.Connections;
using Grains.Silo.Partitions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Grains.Resp.Tests.World;

/// <summary>The port at an address that the system chose, over real machines in memory.</summary>
internal sealed class RespServer : IAsyncDisposable
{
    public static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly ServiceProvider _services;

    private RespServer(ServiceProvider services, MachinePartitions partitions, FakeTimeProvider time) =>
        (_services, Partitions, Time) = (services, partitions, time);

    public MachinePartitions Partitions { get; }

    public FakeTimeProvider Time { get; }

    public IPEndPoint Address => _services.RespAddress()!;

    public KeyGuesses Guesses => _services.GetRequiredService<KeyGuesses>();

    public KeyRing Keys => _services.GetRequiredService<KeyRing>();

    /// <param name="count">Partitions.</param>
    /// <param name="keys">Name, permission, key; none = nobody is asked for one.</param>
    /// <param name="configure">Of the port.</param>
    /// <param name="more">What else is there: other servers, a certificate.</param>
    public static async Task<RespServer> StartAsync(
        int count = 4, (string Name, Permission Held, string Key)[]? keys = null, Action<RespOptions>? configure = null,
        Action<IServiceCollection>? more = null)
    {
        var time = new FakeTimeProvider(Start);
        var partitions = new MachinePartitions(count, time);
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton<TimeProvider>(time);
        services.AddSingleton<IPartitions>(partitions);
        services.AddSingleton(new KeyRing(
            [.. (keys ?? []).Select(k => Key(k.Name, k.Held, k.Key))], keys is null ? null : "", time));
        services.AddGrainsResp(o =>
        {
            o.Address = new IPEndPoint(IPAddress.Loopback, 0);
            configure?.Invoke(o);
        });
        more?.Invoke(services);
        ServiceProvider provider = services.BuildServiceProvider();
        await provider.GetRequiredService<RespListener>().StartAsync(CancellationToken.None);
        return new RespServer(provider, partitions, time);
    }

    public static AccessKey Key(string name, Permission held, string key) =>
        new(name, held, SHA256.HashData(Encoding.ASCII.GetBytes(key)));

    public async Task DeclareOrderedAsync(string keyspace) => Assert.Null(
        (await _services.GetRequiredService<KeyspaceOperations>().DeclareAsync(
            Caller.Server, keyspace, new KeyspaceRequest { Layout = "ordered" })).Error);

    public Task<RespClient> ConnectAsync() => RespClient.ConnectAsync(Address);

    public async ValueTask DisposeAsync()
    {
        await _services.GetRequiredService<RespListener>().StopAsync(CancellationToken.None);
        await _services.DisposeAsync();
    }
}
