using Grains.StateMachines.Batches;
using Grains.StateMachines.Codecs;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Tables;

namespace Grains.StateMachines.Checkpoints;

/// <summary>
/// A partition's durable state at one revision, for ever. Made in constant time; written out by any thread, while the
/// machine goes on.
/// </summary>
public sealed class StateSnapshot
{
    private readonly StateTotals _totals;
    private readonly CommandWindows _commands;
    private readonly KeyValuePair<long, LostRevisions.Range>[] _lost;
    private readonly FrozenTree<Place, DroppedScope> _droppedScopes;
    private readonly FrozenSection[] _sections;

    internal StateSnapshot(PartitionState state)
    {
        _totals = state.DurableTotals;
        _commands = state.Commands.Copy();
        _lost = state.Lost.All;
        _droppedScopes = state.DroppedScopes.Freeze();
        _sections = [.. state.Nouns.SelectMany(n => n.Sections).Select(s => s.Freeze())];
    }

    /// <summary>The state holds every record up to here.</summary>
    public Revision At => new(_totals.Revision);

    /// <summary>Counts what it holds; as long as writing it out.</summary>
    public StateContents Count() => new(_sections.SelectMany(s => s.Count()), _totals.Bytes);

    /// <summary>The snapshot as bytes. Each chunk is valid until the next is asked for.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> Chunks()
    {
        var to = new RecordWriter();
        WriteGround(to);
        yield return to.Written;

        foreach (ReadOnlyMemory<byte> chunk in _sections.SelectMany(s => s.Chunks(to)))
        {
            yield return chunk;
        }
    }

    /// <summary>What every partition has, whatever its nouns are, as <see cref="ChunkReader"/> reads it.</summary>
    private void WriteGround(RecordWriter to)
    {
        to.Byte(Section.Format);
        to.Byte(ChunkReader.Ground);
        to.Fixed32(1);
        to.Varint(_totals.Revision);
        to.Varint(_totals.Epoch);
        to.Varint(_totals.Incarnation);
        to.Varint(_totals.TimeMs);
        to.Varint(_totals.WallMs);
        to.Varint(_totals.UptimeMs);
        to.Varint(_totals.LastNode);
        to.Varint(_totals.Bytes);
        _commands.Write(to);
        to.Varint(_lost.Length);
        foreach ((long first, LostRevisions.Range range) in _lost)
        {
            to.Varint(first);
            to.Varint(range.Last);
        }

        to.Varint(_droppedScopes.Count);
        foreach ((Place scope, _) in _droppedScopes.All)
        {
            to.Varint(scope.Revision);
        }

        to.Seal();
    }
}
