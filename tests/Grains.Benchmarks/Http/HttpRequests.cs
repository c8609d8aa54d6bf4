using System.Text;
using Grains.Benchmarks.Loads;

namespace Grains.Benchmarks.Http;

/// <summary>Requests as bytes, made before the clock runs.</summary>
internal static class HttpRequests
{
    public const string Keyspace = "bench";
    public const string Service = "bench";
    private const string _json = "application/json";

    public static byte[] PutKey(int key) => Of("PUT", KeyPath(key), new byte[BenchmarkKeys.ValueBytes]);

    public static byte[] GetKey(int key) => Of("GET", KeyPath(key), null);

    /// <summary>Writes another key, of six digits, into a request for one.</summary>
    public static byte[] WithKey(byte[] request, int key)
    {
        int at = request.AsSpan().IndexOf(" HTTP"u8) - BenchmarkKeys.Digits;
        for (int digit = BenchmarkKeys.Digits - 1; digit >= 0; digit--, key /= 10)
        {
            request[at + digit] = (byte)('0' + (key % 10));
        }

        return request;
    }

    public static byte[] Send(int node) =>
        Of("POST", $"{NodePath(node)}/messages", new byte[BenchmarkMessages.BodyBytes]);

    public static byte[] Receive(int node) => Of("POST", $"{NodePath(node)}/receive", []);

    public static byte[] Receive(int node, int max) =>
        Of("POST", $"{NodePath(node)}/receive", Encoding.ASCII.GetBytes($$"""{"max":{{max}}}"""), _json);

    /// <param name="delivery">Its id.</param>
    /// <param name="json">What else is to happen; empty = nothing.</param>
    public static byte[] Commit(string delivery, byte[] json) =>
        Of("POST", $"/v1/deliveries/{delivery}:commit", json, _json);

    public static byte[] Declare(string path, string json) => Of("PUT", path, Encoding.UTF8.GetBytes(json), _json);

    private static string KeyPath(int key) => $"/v1/keyspaces/{Keyspace}/keys/{BenchmarkKeys.Name(key)}";

    private static string NodePath(int node) => $"/v1/services/{Service}/nodes/node-{node}";

    private static byte[] Of(string method, string path, byte[]? body, string contentType = "application/octet-stream")
    {
        string content = body is null ? ""
            : $"{(body.Length > 0 ? $"Content-Type: {contentType}\r\n" : "")}Content-Length: {body.Length}\r\n";
        return
        [
            .. Encoding.ASCII.GetBytes($"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{content}\r\n"), .. body ?? []
        ];
    }
}
