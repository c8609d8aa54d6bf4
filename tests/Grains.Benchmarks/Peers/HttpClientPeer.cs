using System.Net.Http.Headers;
using Grains.Benchmarks.Http;
using Grains.Benchmarks.Loads;
using Grains.Benchmarks.Postgres;

namespace Grains.Benchmarks.Peers;

/// <summary>The server of another peer, asked by the <see cref="HttpClient"/> of .NET: what a program would use.</summary>
internal sealed class HttpClientPeer(HttpPeer server, int keys) : Peer("Grains, HttpClient")
{
    private static readonly byte[] _value = new byte[BenchmarkKeys.ValueBytes];
    private static readonly MediaTypeHeaderValue _type = new("application/octet-stream");
    private readonly HttpClient _client = new() { BaseAddress = new Uri($"http://127.0.0.1:{server.Port}") };

    public override TimeSpan? ServerCpu => server.ServerCpu;

    public override Task<string> DescribeAsync() => Task.FromResult("the server of \"Grains, HTTP\"");

    /// <summary>They are there.</summary>
    public override Task FillAsync() => Task.CompletedTask;

    public override Task<Work>? OpenAsync(PeerWork work, int callers) => work switch
    {
        PeerWork.Put => Task.FromResult(new Work(_ => PutAsync())),
        PeerWork.Get => Task.FromResult(new Work(_ => GetAsync())),
        _ => null,
    };

    public override ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }

    private async ValueTask PutAsync()
    {
        using ByteArrayContent content = new(_value);
        content.Headers.ContentType = _type;
        using HttpResponseMessage answer = await _client.PutAsync(AnyKey(), content);
        answer.EnsureSuccessStatusCode();
    }

    private async ValueTask GetAsync()
    {
        byte[] found = await _client.GetByteArrayAsync(AnyKey());
        if (found.Length != BenchmarkKeys.ValueBytes)
        {
            throw new IOException($"A get found {found.Length} bytes.");
        }
    }

    private string AnyKey() => $"/v1/keyspaces/{HttpRequests.Keyspace}/keys/key-{Random.Shared.Next(keys):d6}";
}
