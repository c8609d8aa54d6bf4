using Grains.Benchmarks.Loads;

namespace Grains.Benchmarks.Http;

/// <summary>Send, receive, commit over HTTP, with a state.</summary>
internal static class HttpCycle
{
    private static readonly byte[] _stateJson = System.Text.Encoding.ASCII.GetBytes(
        $$$"""{"state":{"body":"{{{Convert.ToBase64String(new byte[BenchmarkMessages.BodyBytes])}}}"}}""");

    /// <param name="connections">As many as messages: they are sent at once, each on its own.</param>
    /// <param name="node">The caller's.</param>
    public static async ValueTask RunAsync(ReadOnlyMemory<HttpConnection> connections, int node)
    {
        byte[] send = HttpRequests.Send(node);
        if (connections.Length == 1)
        {
            await SendAsync(connections.Span[0], send);
        }
        else
        {
            await Task.WhenAll(connections.ToArray().Select(c => SendAsync(c, send).AsTask()));
        }

        HttpConnection connection = connections.Span[0];
        byte[] receive = HttpRequests.Receive(node, connections.Length);
        HttpSteps.Expect(await connection.ExchangeAsync(receive), connection);
        int delivered = connection.Body.Count("\"acceptedAt\""u8);
        if (delivered != connections.Length)
        {
            throw new IOException($"{connections.Length} messages were sent, {delivered} delivered.");
        }

        byte[] commit = HttpRequests.Commit(HttpSteps.DeliveryIn(connection.Body), _stateJson);
        HttpSteps.Expect(await connection.ExchangeAsync(commit), connection);
    }

    private static async ValueTask SendAsync(HttpConnection connection, byte[] send) =>
        HttpSteps.Expect(await connection.ExchangeAsync(send), connection);
}
