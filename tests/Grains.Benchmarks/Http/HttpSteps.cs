using System.Text;

namespace Grains.Benchmarks.Http;

/// <summary>What one connection does again and again.</summary>
internal static class HttpSteps
{
    public const int Keys = 100_000;
    private static readonly byte[][] _puts = [.. Enumerable.Range(0, Keys).Select(HttpRequests.PutKey)];
    private static readonly byte[][] _gets = [.. Enumerable.Range(0, Keys).Select(HttpRequests.GetKey)];

    public static async ValueTask PutAsync(HttpConnection connection, int caller) =>
        Expect(await connection.ExchangeAsync(_puts[Random.Shared.Next(Keys)]), connection);

    public static async ValueTask GetAsync(HttpConnection connection, int caller) =>
        Expect(await connection.ExchangeAsync(_gets[Random.Shared.Next(Keys)]), connection);

    /// <summary>Send, receive, commit: three requests on a node of the connection's own.</summary>
    public static async ValueTask CycleAsync(HttpConnection connection, int caller)
    {
        Expect(await connection.ExchangeAsync(HttpRequests.Send(caller)), connection);
        Expect(await connection.ExchangeAsync(HttpRequests.Receive(caller)), connection);
        Expect(await connection.ExchangeAsync(HttpRequests.Commit(DeliveryIn(connection.Body), [])), connection);
    }

    public static async Task PrepareAsync(int port)
    {
        using HttpConnection connection = await HttpConnection.OpenAsync(port);
        Expect(await connection.ExchangeAsync(
            HttpRequests.Declare($"/v1/keyspaces/{HttpRequests.Keyspace}", "{\"layout\":\"spread\"}")), connection);
        Expect(
            await connection.ExchangeAsync(HttpRequests.Declare($"/v1/services/{HttpRequests.Service}", "{}")),
            connection);
    }

    /// <summary>Every key once, so that every get finds one.</summary>
    public static async Task FillAsync(params int[] ports)
    {
        const int connectionsEach = 64;
        int connections = connectionsEach * ports.Length;
        await Task.WhenAll(Enumerable.Range(0, connections).Select(async part =>
        {
            using HttpConnection connection = await HttpConnection.OpenAsync(ports[part % ports.Length]);
            for (int key = part; key < Keys; key += connections)
            {
                Expect(await connection.ExchangeAsync(_puts[key]), connection);
            }
        }));
    }

    /// <exception cref="IOException">It says what the server answered instead.</exception>
    public static void Expect(int status, HttpConnection connection)
    {
        if (status is not (>= 200 and < 300))
        {
            throw new IOException($"The server answered {status}: {Encoding.UTF8.GetString(connection.Body)}");
        }
    }

    /// <summary>The id in the answer to a receive.</summary>
    public static string DeliveryIn(ReadOnlySpan<byte> json)
    {
        ReadOnlySpan<byte> mark = "\"delivery\":\""u8;
        int at = json.IndexOf(mark);
        ReadOnlySpan<byte> rest = at < 0 ? throw new IOException("Nothing was delivered.") : json[(at + mark.Length)..];
        return Encoding.ASCII.GetString(rest[..rest.IndexOf((byte)'"')]);
    }
}
