using Grains.Benchmarks.Http;

namespace Grains.Benchmarks.Peers;

/// <summary>Puts and gets among so many keys by bare sockets: a request for each caller, into which the key is written.</summary>
internal sealed class KeySteps(int keys, int callers)
{
    private readonly byte[][] _puts = [.. Enumerable.Range(0, callers).Select(HttpRequests.PutKey)];
    private readonly byte[][] _gets = [.. Enumerable.Range(0, callers).Select(HttpRequests.GetKey)];

    public ValueTask PutAsync(HttpConnection connection, int caller) => PutAsync(connection, caller, AnyKey());

    public async ValueTask GetAsync(HttpConnection connection, int caller) => HttpSteps.Expect(
        await connection.ExchangeAsync(HttpRequests.WithKey(_gets[caller], AnyKey())), connection);

    /// <summary>Every key once, so that every get finds one.</summary>
    public static Task FillAsync(IReadOnlyList<int> ports, int keys)
    {
        const int connectionsEach = 64;
        int connections = connectionsEach * ports.Count;
        KeySteps steps = new(keys, connections);
        return Task.WhenAll(Enumerable.Range(0, connections).Select(async caller =>
        {
            using HttpConnection connection = await HttpConnection.OpenAsync(ports[caller % ports.Count]);
            for (int key = caller; key < keys; key += connections)
            {
                await steps.PutAsync(connection, caller, key);
            }
        }));
    }

    private int AnyKey() => Random.Shared.Next(keys);

    private async ValueTask PutAsync(HttpConnection connection, int caller, int key) => HttpSteps.Expect(
        await connection.ExchangeAsync(HttpRequests.WithKey(_puts[caller], key)), connection);
}
