using Grains.StateMachines.Codecs;
using Grains.StateMachines.Ids;

namespace Grains.Journal.Log;

/// <summary>One line of a flush row's directory.</summary>
internal readonly record struct DirectoryEntry(
    PartitionId Partition, UInt128 ChainBefore, uint PayloadCrc, LogEntry Entry)
{
    /// <summary>Null, or what is wrong with the payload.</summary>
    public string? CheckPayload(ReadOnlySpan<byte> body)
    {
        LogPlace place = Entry.Place;
        if (place.Offset < 0 || place.Length < 0 || (long)place.Offset + place.Length > body.Length)
        {
            return $"its {place.Length} bytes at {place.Offset} lie outside flush row {place.Row} "
                + $"of {body.Length} bytes.";
        }

        ReadOnlySpan<byte> payload = body.Slice(place.Offset, place.Length);
        uint found = Crc32C.Compute(payload);
        if (found != PayloadCrc)
        {
            return $"its payload in flush row {place.Row} has CRC {found:x8} and should have {PayloadCrc:x8}.";
        }

        return JournalChain.Next(ChainBefore, Entry.Epoch, Entry.First, Entry.Count, payload) == Entry.Chain
            ? null
            : $"its payload in flush row {place.Row} does not lead to the chain stored with it.";
    }
}
