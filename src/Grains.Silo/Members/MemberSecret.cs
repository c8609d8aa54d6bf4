using System.Security.Cryptography;
using Grains.Silo.Cluster;
using Npgsql;

namespace Grains.Silo.Members;

/// <summary>
/// What only servers of one cluster know: a random text that is made with the tables of Postgres and kept in them. Who
/// may read those tables owns the cluster's data anyway; who may not is no server of it. Nobody has to configure
/// anything.
/// </summary>
public sealed class MemberSecret
{
    /// <summary>Of two random UUIDs, as the tables are made with.</summary>
    private const int _charsMin = 64;

    private readonly byte[] _key;

    private MemberSecret(byte[] key) => _key = key;

    /// <exception cref="ClusterSettingsException">The table does not hold one.</exception>
    public static async Task<MemberSecret> ReadAsync(NpgsqlDataSource database, CancellationToken cancel)
    {
        await using NpgsqlCommand read = database.CreateCommand("SELECT secret FROM member_secret");
        return Of(await read.ExecuteScalarAsync(cancel) as string ?? "");
    }

    /// <exception cref="ClusterSettingsException">It is too short.</exception>
    public static MemberSecret Of(string secret) => secret.Length >= _charsMin
        ? new MemberSecret(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(secret)))
        : throw new ClusterSettingsException(
            $"The table member_secret does not hold a secret of {_charsMin} characters or more. Put one there, and "
            + "restart every server.");

    /// <summary>What nobody else can say of these bytes.</summary>
    internal byte[] Prove(ReadOnlySpan<byte> transcript) => HMACSHA256.HashData(_key, transcript);
}
