using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Grains.StateMachines.Clocks;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;

namespace Grains.Operations.Messages;

/// <summary>
/// What tells a repeat from another request: SHA-256, its first 16 bytes. Every part goes in with its length, so that
/// no two different requests have the same input.
/// </summary>
public static class MessageFingerprint
{
    public static IdempotencyKey Of(
        ServiceId service, Utf8Name node, string key, MessageContent content, Due due = default, long ttlMs = 0)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> number = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(number, service.Value);
        hash.AppendData(number);
        Append(hash, node.Span);
        Append(hash, key);
        UInt128 scope = Finish(hash);

        Append(hash, content.ContentType);
        Append(hash, content.Type);
        foreach (MessageHeader header in content.Headers)
        {
            // A retry is a new span of the same trace, and still the same request.
            if (!MessageHeaders.IsTrace(header.Name))
            {
                Append(hash, header.Name);
                Append(hash, header.Value);
            }
        }

        Append(hash, content.Body);
        if (due.IsLater)
        {
            Append(hash, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{due.DelayMs} {due.AtMs}"));
        }

        if (ttlMs > 0)
        {
            AppendLength(hash, -2);
            BinaryPrimitives.WriteInt64LittleEndian(number, ttlMs);
            hash.AppendData(number);
        }

        return new IdempotencyKey(scope, Finish(hash));
    }

    public static UInt128 Of(ReadOnlySpan<byte> body)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(body, digest);
        return BinaryPrimitives.ReadUInt128BigEndian(digest);
    }

    private static void Append(IncrementalHash hash, string? text)
    {
        if (text is null)
        {
            AppendLength(hash, -1);
            return;
        }

        Append(hash, Encoding.UTF8.GetBytes(text));
    }

    private static void Append(IncrementalHash hash, ReadOnlySpan<byte> bytes)
    {
        AppendLength(hash, bytes.Length);
        hash.AppendData(bytes);
    }

    private static void AppendLength(IncrementalHash hash, int length)
    {
        Span<byte> number = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(number, length);
        hash.AppendData(number);
    }

    private static UInt128 Finish(IncrementalHash hash)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        hash.GetHashAndReset(digest);
        return BinaryPrimitives.ReadUInt128BigEndian(digest);
    }
}
