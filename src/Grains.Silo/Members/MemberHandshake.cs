using System.IO.Pipelines;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Connections;

namespace Grains.Silo.Members;

/// <summary>
/// Both ends of a connection prove that they know the secret, before a byte of Orleans is read. Each draws a nonce;
/// each proof is an HMAC-SHA-256 over who gives it, both nonces, and the address that was connected to. So a proof is
/// worth nothing on another connection, in the other direction, or handed on to a server at another address.
/// <code>
/// connector  magic nonce             ->
///                                    <-  magic nonce proof  acceptor
/// connector  proof                   ->
///                                    <-  welcome
/// </code>
/// What follows is neither encrypted nor signed: it is for networks where nobody is in between, this machine above all.
/// </summary>
internal static class MemberHandshake
{
    private const int _nonceBytes = 32;
    private const int _proofBytes = HMACSHA256.HashSizeInBytes;
    private const byte _welcome = (byte)'+';

    private static readonly byte[] _magic = "GRAINS\x01\n"u8.ToArray();

    /// <exception cref="ConnectionAbortedException">The other end is no server of this cluster.</exception>
    public static async Task AcceptAsync(
        IDuplexPipe pipe, MemberSecret secret, EndPoint? place, CancellationToken cancel)
    {
        byte[] hello = await ReadAsync(pipe.Input, _magic.Length + _nonceBytes, cancel);
        CheckMagic(hello);
        byte[] theirs = hello[_magic.Length..];
        byte[] own = RandomNumberGenerator.GetBytes(_nonceBytes);
        await pipe.Output.WriteAsync(
            (byte[])[.. _magic, .. own, .. Proof(secret, "acceptor", theirs, own, place)], cancel);
        Check(await ReadAsync(pipe.Input, _proofBytes, cancel), Proof(secret, "connector", theirs, own, place));
        await pipe.Output.WriteAsync((byte[])[_welcome], cancel);
    }

    /// <exception cref="ConnectionAbortedException">The other end is no server of this cluster.</exception>
    public static async Task ConnectAsync(
        IDuplexPipe pipe, MemberSecret secret, EndPoint? place, CancellationToken cancel)
    {
        byte[] own = RandomNumberGenerator.GetBytes(_nonceBytes);
        await pipe.Output.WriteAsync((byte[])[.. _magic, .. own], cancel);
        byte[] answer = await ReadAsync(pipe.Input, _magic.Length + _nonceBytes + _proofBytes, cancel);
        CheckMagic(answer);
        byte[] theirs = answer[_magic.Length..^_proofBytes];
        Check(answer[^_proofBytes..], Proof(secret, "acceptor", own, theirs, place));
        await pipe.Output.WriteAsync(Proof(secret, "connector", own, theirs, place), cancel);
        if ((await ReadAsync(pipe.Input, 1, cancel))[0] != _welcome)
        {
            throw new ConnectionAbortedException("it does not say that this server is welcome");
        }
    }

    private static byte[] Proof(MemberSecret secret, string role, byte[] connector, byte[] acceptor, EndPoint? place)
    {
        IPEndPoint at = place as IPEndPoint ?? throw new ConnectionAbortedException($"{place} is no address and port");
        IPAddress address = at.Address.IsIPv4MappedToIPv6 ? at.Address.MapToIPv4() : at.Address;

        // Nonces have one length, so no two transcripts read alike.
        return secret.Prove(
            [
                .. _magic, .. connector, .. acceptor,
                .. Encoding.ASCII.GetBytes($"{role} {new IPEndPoint(address, at.Port)}"),
            ]);
    }

    private static void CheckMagic(byte[] read)
    {
        if (!read.AsSpan(0, _magic.Length).SequenceEqual(_magic))
        {
            throw new ConnectionAbortedException(
                "it does not begin as a server without TLS does: another program, or a server with TLS or of another "
                + "version");
        }
    }

    private static void Check(byte[] given, byte[] expected)
    {
        if (!CryptographicOperations.FixedTimeEquals(given, expected))
        {
            throw new ConnectionAbortedException(
                "it does not know the secret of this cluster (the table member_secret), or means another address");
        }
    }

    /// <summary>Exactly so many bytes; what comes after them is left for Orleans.</summary>
    private static async Task<byte[]> ReadAsync(PipeReader input, int count, CancellationToken cancel)
    {
        ReadResult read = await input.ReadAtLeastAsync(count, cancel);
        if (read.Buffer.Length < count)
        {
            throw new ConnectionAbortedException("it ended the connection before it proved anything");
        }

        byte[] bytes = new byte[count];
        System.Buffers.BuffersExtensions.CopyTo(read.Buffer.Slice(0, count), bytes);
        input.AdvanceTo(read.Buffer.GetPosition(count));
        return bytes;
    }
}
