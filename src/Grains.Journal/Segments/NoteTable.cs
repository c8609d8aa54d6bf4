using Grains.StateMachines.Ids;

namespace Grains.Journal.Segments;

/// <summary>
/// The notes that count. Each segment begins with all of them, so that none is needed from an older one. One thread at
/// a time.
/// </summary>
internal sealed class NoteTable
{
    private readonly Dictionary<(NoteKind, PartitionId), Note> _notes = [];

    public IEnumerable<Note> All => _notes.Values;

    public void Set(in Note note) => _notes[(note.Kind, note.Partition)] = note;

    /// <summary>A number that is nobody's partition's; 0 if it was never noted.</summary>
    public long Number(NoteKind kind) => _notes.GetValueOrDefault((kind, default)).Number;

    public IEnumerable<Note> Of(NoteKind kind) => _notes.Values.Where(n => n.Kind == kind);
}
