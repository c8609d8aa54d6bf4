using System.Net;
using Npgsql;

namespace Grains.Silo.Cluster;

/// <summary>
/// The members as the tables of <see cref="PostgresTables"/> hold them, for a server that is none yet.
/// </summary>
public static class MemberRecords
{
    /// <summary>All that are not dead, of every cluster in the schema.</summary>
    public static async Task<IReadOnlyList<MemberRecord>> ReadAsync(NpgsqlDataSource database, CancellationToken cancel)
    {
        await using NpgsqlCommand read = database.CreateCommand("""
            SELECT DeploymentId, SiloName, Address, Port, Generation, IAmAliveTime, now() - IAmAliveTime
            FROM OrleansMembership WHERE Status <> 6
            """);
        await using NpgsqlDataReader reader = await read.ExecuteReaderAsync(cancel);
        var members = new List<MemberRecord>();
        while (await reader.ReadAsync(cancel))
        {
            members.Add(new MemberRecord(
                reader.GetString(
                    0), reader.GetString(1), new IPEndPoint(IPAddress.Parse(reader.GetString(2)), reader.GetInt32(3)),
                reader.GetInt32(4), reader.GetDateTime(5), reader.GetTimeSpan(6)));
        }

        return members;
    }

    /// <summary>
    /// Declares a member dead, as a change of the membership. Others learn it; if it lives after all, it ends.
    /// </summary>
    public static async Task DeclareDeadAsync(NpgsqlDataSource database, MemberRecord member, CancellationToken cancel)
    {
        await using NpgsqlCommand declare = database.CreateCommand("""
            WITH present AS (
              SELECT DeploymentId FROM OrleansMembership
              WHERE DeploymentId = $1 AND Address = $2 AND Port = $3 AND Generation = $4 AND Status <> 6
              FOR UPDATE),
            turned AS (
              UPDATE OrleansMembershipVersion v SET Version = v.Version + 1
              FROM present p WHERE v.DeploymentId = p.DeploymentId
              RETURNING v.DeploymentId)
            UPDATE OrleansMembership m SET Status = 6
            FROM turned t
            WHERE m.DeploymentId = t.DeploymentId AND m.Address = $2 AND m.Port = $3 AND m.Generation = $4
            """);
        declare.Parameters.Add(new() { Value = member.Cluster });
        declare.Parameters.Add(new() { Value = member.Place.Address.ToString() });
        declare.Parameters.Add(new() { Value = member.Place.Port });
        declare.Parameters.Add(new() { Value = member.Generation });
        await declare.ExecuteNonQueryAsync(cancel);
    }
}

/// <summary>A member that was not declared dead.</summary>
/// <param name="Cluster">Its cluster's id.</param>
/// <param name="Name">The server's.</param>
/// <param name="Place">Where the others reach it.</param>
/// <param name="Generation">Tells this start of it from the others.</param>
/// <param name="Heartbeat">When it last wrote that it lives, by its own clock.</param>
/// <param name="Silence">How long ago that is, by the clock of the database.</param>
public sealed record MemberRecord(
    string Cluster, string Name, IPEndPoint Place, int Generation, DateTime Heartbeat, TimeSpan Silence);
