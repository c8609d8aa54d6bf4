using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Grains.Operations.Declarations;

/// <summary>
/// What a service's push requests are signed with, as Standard Webhooks writes it: <c>whsec_</c> and base64 of 24 to 64
/// bytes. Never in a log, an error or a list: only <see cref="Expose"/> shows it.
/// </summary>
public sealed class WebhookSecret : IEquatable<WebhookSecret>
{
    public const int BytesMin = 24;
    public const int BytesMax = 64;

    private const string _prefix = "whsec_";
    private const int _bytesDefault = 32;

    private readonly byte[] _key;

    private WebhookSecret(byte[] key) => _key = key;

    public static WebhookSecret Generate() => new(RandomNumberGenerator.GetBytes(_bytesDefault));

    public static bool TryParse(string text, [NotNullWhen(true)] out WebhookSecret? secret)
    {
        secret = null;
        Span<byte> key = stackalloc byte[BytesMax];
        if (!text.StartsWith(_prefix, StringComparison.Ordinal)
            || !Convert.TryFromBase64String(text[_prefix.Length..], key, out int length) || length < BytesMin
            || Convert.ToBase64String(key[..length]) != text[_prefix.Length..])
        {
            return false;
        }

        secret = new WebhookSecret(key[..length].ToArray());
        return true;
    }

    /// <summary>For the one who may read it, and for the declaration's record.</summary>
    public string Expose() => _prefix + Convert.ToBase64String(_key);

    /// <summary>
    /// The header <c>webhook-signature</c> of Standard Webhooks: <c>v1,</c> and base64 of HMAC-SHA256 over id, a dot,
    /// the time in seconds since 1970, a dot, and the body.
    /// </summary>
    public string Sign(string id, long timeSeconds, ReadOnlySpan<byte> body)
    {
        string before = string.Create(CultureInfo.InvariantCulture, $"{id}.{timeSeconds}.");
        int length = Encoding.UTF8.GetByteCount(before) + body.Length;
        byte[] signed = ArrayPool<byte>.Shared.Rent(length);
        int at = Encoding.UTF8.GetBytes(before, signed);
        body.CopyTo(signed.AsSpan(at));
        byte[] signature = Authenticate(signed.AsSpan(0, length));
        ArrayPool<byte>.Shared.Return(signed);
        return "v1," + Convert.ToBase64String(signature);
    }

    /// <summary>HMAC-SHA256. No two uses of it may ever have the same text.</summary>
    public byte[] Authenticate(ReadOnlySpan<byte> text) => HMACSHA256.HashData(_key, text);

    public bool Equals(WebhookSecret? other) =>
        other is not null && CryptographicOperations.FixedTimeEquals(_key, other._key);

    public override bool Equals(object? obj) => Equals(obj as WebhookSecret);

    public override int GetHashCode() => _key.Length;

    public override string ToString() => "whsec_…";
}
