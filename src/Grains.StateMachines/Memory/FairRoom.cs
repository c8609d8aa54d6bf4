namespace Grains.StateMachines.Memory;

/// <summary>
/// A bounded number of places that owners share. When all are taken, a guest of an owner who has few gets the newest
/// place of the owner who has most; so no owner can keep another below an equal share. Entering and leaving cost O(log
/// owners). Not thread-safe.
/// </summary>
/// <param name="placesMax">Of all owners together.</param>
public sealed class FairRoom<TOwner, TGuest>(int placesMax)
    where TOwner : IComparable<TOwner>
    where TGuest : class
{
    private readonly Dictionary<TGuest, (TOwner Owner, LinkedListNode<TGuest> Place)> _guests =
        new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<TOwner, LinkedList<TGuest>> _places = [];
    private readonly SortedSet<(int Places, TOwner Owner)> _owners = [];

    public int Count => _guests.Count;

    public int PlacesOf(TOwner owner) => _places.GetValueOrDefault(owner)?.Count ?? 0;

    /// <summary>One that is in stays in.</summary>
    /// <param name="owner">On whose account.</param>
    /// <param name="guest">Who is to wait.</param>
    /// <param name="sent">Who has to leave for it, and is not in any more.</param>
    /// <returns>False: its owner has as many places already as any.</returns>
    public bool TryEnter(TOwner owner, TGuest guest, out TGuest? sent)
    {
        sent = null;
        if (_guests.ContainsKey(guest))
        {
            return true;
        }

        if (_guests.Count >= placesMax)
        {
            if (_owners.Count == 0 || PlacesOf(owner) + 1 >= _owners.Max.Places)
            {
                return false;
            }

            sent = _places[_owners.Max.Owner].Last!.Value;
            Leave(sent);
        }

        if (!_places.TryGetValue(owner, out LinkedList<TGuest>? places))
        {
            _places[owner] = places = new LinkedList<TGuest>();
        }

        _owners.Remove((places.Count, owner));
        _guests.Add(guest, (owner, places.AddLast(guest)));
        _owners.Add((places.Count, owner));
        return true;
    }

    /// <summary>Harmless for one that is not in.</summary>
    public void Leave(TGuest guest)
    {
        if (!_guests.Remove(guest, out (TOwner Owner, LinkedListNode<TGuest> Place) at))
        {
            return;
        }

        LinkedList<TGuest> places = _places[at.Owner];
        _owners.Remove((places.Count, at.Owner));
        places.Remove(at.Place);
        if (places.Count == 0)
        {
            _places.Remove(at.Owner);
        }
        else
        {
            _owners.Add((places.Count, at.Owner));
        }
    }
}
