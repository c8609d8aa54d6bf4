using Grains.Resp.Replies;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Slots;

namespace Grains.Resp.Sessions;

/// <summary>
/// Which keys the commands that are under way write, and which they read beside the order of their partition: by slots,
/// so that two keys may be taken for one, and never the other way round.
/// </summary>
internal sealed class InFlight(ReplyPipeline pipeline)
{
    private const int _places = 256;

    private uint[]? _writes;
    private uint[]? _reads;

    public bool IsAny => pipeline.Begun != pipeline.Sent;

    public bool Writes(Utf8Name key) => IsUnderWay(_writes, key);

    public bool Reads(Utf8Name key) => IsUnderWay(_reads, key);

    /// <summary>The next command that is added writes it.</summary>
    public void AddWrite(Utf8Name key) => Add(ref _writes, key);

    public void AddRead(Utf8Name key) => Add(ref _reads, key);

    private bool IsUnderWay(uint[]? commands, Utf8Name key) =>
        IsAny && commands is not null && unchecked((int)(commands[PlaceOf(key)] - pipeline.Sent)) > 0;

    private void Add(ref uint[]? commands, Utf8Name key) =>
        (commands ??= new uint[_places])[PlaceOf(key)] = unchecked(pipeline.Begun + 1);

    private static int PlaceOf(Utf8Name key) => PlacementKey.SlotOfSpreadKey(key.Span) % _places;
}
