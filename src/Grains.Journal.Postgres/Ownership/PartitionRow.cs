using Grains.StateMachines.Ids;
using Npgsql;

namespace Grains.Journal.Postgres.Ownership;

/// <summary>What the partition's row says of its newest owner.</summary>
internal sealed record PartitionRow(
    Epoch Epoch,
    long MembershipVersion,
    long Incarnation,
    PostgresHistory History,
    Revision Checkpoint,
    Revision Truncated)
{
    /// <summary>Of partition p and checkpoint c.</summary>
    public const string Columns =
        "p.epoch, p.membership_version, p.incarnation, p.system_identifier, p.timeline, "
        + "c.revision, c.truncated_revision";

    public static PartitionRow Read(NpgsqlDataReader row) => new(
        new Epoch(row.GetInt64(0)),
        row.GetInt64(1),
        row.GetInt64(2),
        new PostgresHistory(row.GetInt64(3), row.GetInt64(4)),
        new Revision(row.GetInt64(5)),
        new Revision(row.GetInt64(6)));
}
