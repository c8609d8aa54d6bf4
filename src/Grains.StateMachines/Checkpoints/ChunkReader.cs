using Grains.StateMachines.Batches;
using Grains.StateMachines.Codecs;
using Grains.StateMachines.Ids;

namespace Grains.StateMachines.Checkpoints;

/// <summary>
/// Reads what <see cref="StateSnapshot"/> wrote, straight into the state of a machine that is recovering.
/// </summary>
internal static class ChunkReader
{
    /// <summary>The section of what every partition has; no noun has this number.</summary>
    public const byte Ground = 1;

    public static void Read(PartitionState state, ReadOnlySpan<byte> chunk)
    {
        RecordReader from = RecordReader.Open(chunk, "checkpoint chunk");
        byte format = from.Byte();
        if (format != Section.Format)
        {
            throw new FormatException(
                $"A checkpoint chunk of format {format} cannot be read; this version reads format {Section.Format}.");
        }

        byte number = from.Byte();
        uint count = from.Fixed32();
        Section? section = state.Nouns.SelectMany(n => n.Sections).FirstOrDefault(s => s.Number == number);
        if (number == Ground)
        {
            ReadGround(state, ref from);
        }
        else if (section is null)
        {
            throw new FormatException($"Checkpoint section {number} is not known to this version.");
        }
        else
        {
            for (uint i = 0; i < count; i++)
            {
                section.Read(ref from);
            }
        }

        if (!from.AtEnd)
        {
            throw new FormatException(
                $"A checkpoint chunk of {count} {section?.Name ?? "totals"} goes on after its last one.");
        }
    }

    private static void ReadGround(PartitionState state, ref RecordReader from)
    {
        state.Totals = new StateTotals
        {
            Revision = from.Varint(),
            Epoch = from.Varint(),
            Incarnation = from.Varint(),
            TimeMs = from.Varint(),
            WallMs = from.Varint(),
            UptimeMs = from.Varint(),
            LastNode = from.Varint(),
            Bytes = from.Varint(),
        };
        state.Commands.Read(ref from);
        for (long left = from.Varint(); left > 0; left--)
        {
            state.Lost.Add(from.Varint(), from.Varint());
        }

        for (long left = from.Varint(); left > 0; left--)
        {
            state.DroppedScopes.Set(new Place(from.Varint(), 0), DroppedScope.Marker);
        }
    }
}
