using Grains.Silo.Backups;
using Grains.StateMachines.Checkpoints;

namespace Grains.Server.Backups;

/// <summary>What partitions hold, a line each, and the total.</summary>
internal sealed class DigestTable
{
    private static readonly string[] _columns =
    [
        "keys", "nodes", "messages", "dead letters", "outbox entries", "idempotency keys"
    ];

    private readonly TextWriter _to;
    private StateContents _total = StateContents.Nothing;
    private int _partitions;

    public DigestTable(TextWriter to)
    {
        _to = to;
        Line("partition", [.. _columns.Select(c => c.Split(' ')[0]), "bytes", "checksum"]);
    }

    public void Add(PartitionDigest digest)
    {
        _total += digest.Contents;
        _partitions++;
        Line($"{digest.Partition}", digest.Contents, $"{digest.Checksum:x32}");
    }

    public void End() => Line("total", _total, $"{_partitions} partitions");

    private void Line(string name, StateContents of, string sum) => Line(
        name, [.. _columns.Select(c => $"{of[c]}"), $"{of.Bytes}", sum]);

    private void Line(string name, params string[] columns) =>
        _to.WriteLine($"{name,9}{string.Concat(columns[..^1].Select(c => $"  {c,11}"))}  {columns[^1]}");
}
