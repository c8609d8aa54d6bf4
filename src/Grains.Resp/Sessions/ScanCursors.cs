using System.Globalization;
using Grains.Operations.Keyspaces;
using Grains.StateMachines.Codecs;
using Grains.StateMachines.Ids;

namespace Grains.Resp.Sessions;

/// <summary>
/// Where scans go on, by a number, as cursors are numbers and places are keys. The newest are kept, of all connections
/// of this server: clients ask for the next page through any of them.
/// </summary>
internal sealed class ScanCursors(Random? random = null)
{
    public const string First = "0";

    private const int _keptMax = 4_096;

    private readonly Lock _lock = new();
    private readonly Dictionary<long, (KeyspaceId Keyspace, KeyPlace Place)> _places = [];
    private readonly Queue<long> _order = new();

    /// <summary>Not from 1: a cursor of an earlier process is not to be taken for one of this.</summary>
    private long _last = (random ?? Random.Shared).NextInt64(1L << 40);

    /// <summary>Null: there is no such cursor, or none any more.</summary>
    public KeyPlace? Find(ReadOnlySpan<byte> cursor, KeyspaceId keyspace)
    {
        if (!SignedNumber.TryParse(cursor, out long number))
        {
            return null;
        }

        if (number == 0)
        {
            return default(KeyPlace);
        }

        lock (_lock)
        {
            return _places.TryGetValue(number, out (KeyspaceId Keyspace, KeyPlace Place) kept)
                && kept.Keyspace == keyspace
                ? kept.Place
                : null;
        }
    }

    public string Keep(KeyPlace place, KeyspaceId keyspace)
    {
        lock (_lock)
        {
            _places[++_last] = (keyspace, place);
            _order.Enqueue(_last);
            if (_order.Count > _keptMax)
            {
                _places.Remove(_order.Dequeue());
            }

            return _last.ToString(CultureInfo.InvariantCulture);
        }
    }
}
