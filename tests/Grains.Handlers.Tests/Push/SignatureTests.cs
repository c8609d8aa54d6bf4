using System.Security.Cryptography;
using System.Text;
using Grains.Handlers.Push;
using Grains.Handlers.Tests.World;

namespace Grains.Handlers.Tests.Push;

/// <summary>Which bytes a request's two signatures are over, in either mode.</summary>
public sealed class SignatureTests : IAsyncLifetime
{
    private HandlerWorld _world = null!;
    private UserEndpoint _endpoint = null!;

    public async Task InitializeAsync()
    {
        _world = await HandlerWorld.StartAsync();
        _endpoint = await UserEndpoint.StartAsync();
    }

    public async Task DisposeAsync()
    {
        await _world.DisposeAsync();
        await _endpoint.DisposeAsync();
    }

    [Fact]
    public void The_bytes_are_a_version_the_covered_headers_by_name_an_empty_line_and_the_body()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "http://handler/")
        {
            Content = new ByteArrayContent([])
        };
        foreach ((string name, string value) in new[]
        {
            ("webhook-timestamp", "1"), ("webhook-id", "m1"), ("Grains-Node", "a%20b"), ("Grains-Attempt", "2"),
            ("ce-type", "x"),
            ("webhook-signature", "v1,x"), ("traceparent", "00-1"), ("Accept-Encoding", "identity"),
            ("Grains-Header-B", ""),
        })
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        request.Content.Headers.TryAddWithoutValidation("Content-Type", "text/plain; charset=utf-8");
        Assert.Equal(
            "grains-v1\nce-type:x\ncontent-type:text/plain; "
            + "charset=utf-8\ngrains-attempt:2\ngrains-header-b:\ngrains-node:a%20b\n"
            + "webhook-id:m1\nwebhook-timestamp:1\n\nbody",
            Encoding.UTF8.GetString(RequestSignature.BytesOf(request, "body"u8)));
    }

    [Theory]
    [InlineData("simple", "text/plain; charset=utf-8", "hello")]
    [InlineData("simple", null, "")]
    [InlineData("simple", "application/json", "{\"\u00E4\": 1}")]
    [InlineData("envelope", "text/plain", "hello")]
    public async Task A_handler_verifies_both_from_what_it_was_sent(string mode, string? contentType, string body)
    {
        byte[] key = await DeclareAsync(mode);
        await _world.SendAsync(
            "greeter", "a%20b", body, contentType, "", ("Grains-Type", "greeting"), ("ce-source", "/x"),
            ("Grains-Header-Color", "red"));
        await _world.UntilIdleAsync("greeter", "a%20b");
        Pushed pushed = Assert.Single(_endpoint.Seen);
        string head = $"{pushed.Headers["webhook-id"]}.{pushed.Headers["webhook-timestamp"]}.";
        Assert.Equal(Sign(key, [.. Encoding.UTF8.GetBytes(head), .. pushed.Body]), pushed.Headers["webhook-signature"]);
        Assert.Equal(Sign(key, Covered(pushed.Headers, pushed.Body)), pushed.Headers["Grains-Signature"]);
        string covered = Encoding.UTF8.GetString(Covered(pushed.Headers, []));
        string[] always =
        [
            "grains-service:greeter", "grains-node:a%20b", "grains-delivery:", "grains-epoch:", "grains-token:",
            "grains-attempt:1",
            "grains-messages:1", "grains-hops:0.greeter.", "webhook-id:", "webhook-timestamp:",
        ];
        string[] simple = ["grains-message:", "grains-type:greeting", "ce-source:/x", "grains-header-color:red"];
        Assert.All(
            mode == "simple" ? [.. always, .. simple] : always,
            l => Assert.Contains($"\n{l}", covered, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("simple")]
    [InlineData("envelope")]
    public async Task No_header_can_be_changed_left_out_or_added(string mode)
    {
        byte[] key = await DeclareAsync(mode);
        await _world.SendAsync("greeter", "a", "hello", "text/plain", "", ("Grains-Type", "greeting"));
        await _world.UntilIdleAsync("greeter", "a");
        Pushed pushed = Assert.Single(_endpoint.Seen);
        string signature = pushed.Headers["Grains-Signature"];
        foreach (string name in pushed.Headers.Keys.Where(
            n => n.StartsWith("Grains-", StringComparison.OrdinalIgnoreCase)
            && n != "Grains-Signature").Append("Content-Type"))
        {
            Assert.NotEqual(signature, Sign(key, Covered(With(pushed.Headers, name, "other"), pushed.Body)));
            Assert.NotEqual(signature, Sign(key, Covered(With(pushed.Headers, name, null), pushed.Body)));
        }

        Assert.NotEqual(signature, Sign(key, Covered(With(pushed.Headers, "grains-sender", "x/y"), pushed.Body)));
        Assert.NotEqual(signature, Sign(key, Covered(pushed.Headers, [.. pushed.Body, 0])));
        Assert.Equal(signature, Sign(key, Covered(With(pushed.Headers, "Via", "1.1 proxy"), pushed.Body)));
    }

    private static Dictionary<string, string> With(Dictionary<string, string> headers, string name, string? value)
    {
        var other = new Dictionary<string, string>(headers, StringComparer.OrdinalIgnoreCase);
        other.Remove(name);
        if (value is not null)
        {
            other.Add(name, value);
        }

        return other;
    }

    /// <summary>As the docs tell a handler's author to.</summary>
    private static byte[] Covered(Dictionary<string, string> headers, byte[] body)
    {
        IEnumerable<string> lines = headers
            .Select(h => (Name: h.Key.ToLowerInvariant(), h.Value))
            .Where(h => h.Name is not ("grains-signature" or "webhook-signature")
                && (h.Name == "content-type" || h.Name.Split('-')[0] is "ce" or "grains" or "webhook"))
            .OrderBy(h => h.Name, StringComparer.Ordinal)
            .Select(h => $"{h.Name}:{h.Value}\n");
        return [.. Encoding.Latin1.GetBytes($"grains-v1\n{string.Concat(lines)}\n"), .. body];
    }

    private static string Sign(byte[] key, byte[] bytes) =>
        "v1," + Convert.ToBase64String(HMACSHA256.HashData(key, bytes));

    private async Task<byte[]> DeclareAsync(string mode)
    {
        await _world.DeclareAsync(
            "greeter", new { handler = new { kind = "push", urls = new[] { _endpoint.Url }, mode } });
        string secret = (await _world.GetAsync("/v1/services/greeter/secret")).GetProperty("secret").GetString()!;
        return Convert.FromBase64String(secret["whsec_".Length..]);
    }
}
