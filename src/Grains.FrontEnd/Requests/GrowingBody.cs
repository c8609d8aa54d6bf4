using System.Buffers;
using Grains.FrontEnd.Connections;

namespace Grains.FrontEnd.Requests;

/// <summary>
/// The bytes of a body that have come. Until it has its full length its array is lent from a pool: what is refused in
/// the end, or short, leaves little garbage. One request's own.
/// </summary>
internal sealed class GrowingBody(int lengthMax, bool isExact, Passage passage) : IDisposable
{
    private byte[] _array = [];
    private bool _isLent;

    public int Count { get; private set; }

    /// <summary>So many bytes are counted as held.</summary>
    public int Capacity { get; private set; }

    /// <exception cref="Problems.RequestRefusedException">There is not so much memory for bodies left.</exception>
    public void Grow(int capacity)
    {
        passage.Take(capacity - Capacity);
        bool isWhole = isExact && capacity == lengthMax;
        byte[] longer = isWhole ? GC.AllocateUninitializedArray<byte>(capacity) : ArrayPool<byte>.Shared.Rent(capacity);
        _array.AsSpan(0, Count).CopyTo(longer);
        GiveBack();
        (_array, _isLent, Capacity) = (longer, !isWhole, capacity);
    }

    public void Add(ReadOnlySpan<byte> part)
    {
        part.CopyTo(_array.AsSpan(Count));
        Count += part.Length;
    }

    /// <summary>Once, when everything has come.</summary>
    public byte[] ToArray() => !_isLent && Count == _array.Length ? _array : _array.AsSpan(0, Count).ToArray();

    public void Dispose() => GiveBack();

    private void GiveBack()
    {
        if (_isLent)
        {
            ArrayPool<byte>.Shared.Return(_array);
            (_array, _isLent) = ([], false);
        }
    }
}
