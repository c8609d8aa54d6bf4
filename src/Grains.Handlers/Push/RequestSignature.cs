using System.Net.Http.Headers;
using System.Text;
using Grains.Operations.Declarations;

namespace Grains.Handlers.Push;

/// <summary>
/// <c>Grains-Signature</c>: what a handler acts upon stands in headers too, and Standard Webhooks signs the body alone.
/// This one is over all headers that we write or keep (<c>content-type</c>, <c>ce-*</c>, <c>grains-*</c>,
/// <c>webhook-*</c>), and the body: a node, a type, a token or an attempt cannot be exchanged, left out or added on the
/// way.
/// </summary>
internal static class RequestSignature
{
    public const string Name = "Grains-Signature";

    private const string _version = "grains-v1\n";

    /// <summary>
    /// <c>grains-v1</c>, then each covered header as <c>name:value</c>, name in lower case, by name bytewise; then an
    /// empty line; then the body. Each line ends with a line feed.
    /// </summary>
    public static byte[] BytesOf(HttpRequestMessage request, ReadOnlySpan<byte> body)
    {
        var lines = new List<(string Name, string Value)>();
        Add(request.Headers.NonValidated);
        if (request.Content is { } content)
        {
            Add(content.Headers.NonValidated);
        }

        lines.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
        var text = new StringBuilder(_version);
        foreach ((string name, string value) in lines)
        {
            text.Append(name).Append(':').Append(value).Append('\n');
        }

        byte[] head = Encoding.Latin1.GetBytes(text.Append('\n').ToString());
        return [.. head, .. body];

        void Add(HttpHeadersNonValidated headers)
        {
            foreach ((string name, HeaderStringValues value) in headers)
            {
                string lower = name.ToLowerInvariant();
                if (IsCovered(lower))
                {
                    lines.Add((lower, value.ToString()));
                }
            }
        }
    }

    /// <summary>The last of a request's headers.</summary>
    public static void Add(HttpRequestMessage request, WebhookSecret secret, ReadOnlySpan<byte> body) =>
        request.Headers.TryAddWithoutValidation(
            Name, "v1," + Convert.ToBase64String(secret.Authenticate(BytesOf(request, body))));

    private static bool IsCovered(string name) => name is not ("webhook-signature" or "grains-signature")
        && (name == "content-type" || name.StartsWith("ce-", StringComparison.Ordinal)
            || name.StartsWith("grains-", StringComparison.Ordinal)
            || name.StartsWith("webhook-", StringComparison.Ordinal));
}
