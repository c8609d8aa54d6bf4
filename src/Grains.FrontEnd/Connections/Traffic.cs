using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Grains.Api.Problems;
using Grains.FrontEnd.Problems;
using Grains.Operations.Errors;
using Grains.Silo.Budgets;
using Grains.Silo.Telemetry;

namespace Grains.FrontEnd.Connections;

/// <summary>
/// The bytes of all requests that come, or of all answers that go. When their share of the memory is used up, the next
/// is told to come again, and those that have not moved for a while are cut off.
/// </summary>
internal sealed class Traffic(string name, ByteShare share, TimeProvider time)
{
    private const int _retryAfterMs = 1_000;

    /// <summary>A quarter of the share is kept for what is small, and so much is freed at once.</summary>
    private const int _quarterShift = 2;

    private static readonly TimeSpan _stalledMin = TimeSpan.FromSeconds(1);

    private static readonly Counter<long> _refused = GrainsMeter.Instance.CreateCounter<long>(
        "grains.traffic.refused", null, "Requests refused because bodies or answers use up their share of the memory.");

    private static readonly Counter<long> _cut = GrainsMeter.Instance.CreateCounter<long>(
        "grains.traffic.cut", null,
        "Bodies and answers cut off because they did not move while others needed their memory.");

    private readonly ConcurrentDictionary<Passage, bool> _large = [];

    /// <summary>Where nobody counts.</summary>
    public static Traffic Unbounded { get; } = new("none", new ByteShare(long.MaxValue), TimeProvider.System);

    public TimeProvider Time => time;

    /// <param name="passage">Whose bytes; null = of one that is small, and never cut off.</param>
    /// <param name="bytes">So many more.</param>
    /// <exception cref="RequestRefusedException">429: there is not so much left.</exception>
    public void Take(Passage? passage, int bytes)
    {
        if (!share.TryTake(bytes, passage?.IsLargeWith(bytes) == true ? share.BytesMax >> _quarterShift : 0))
        {
            CutStalled(passage);
            _refused.Add(1, new KeyValuePair<string, object?>("share", name));
            throw new RequestRefusedException(new OperationError(
                ProblemCode.Overloaded,
                $"The {name} of other requests use up the {share.BytesMax} bytes of memory that are set aside for "
                + "them. Repeat in a moment.")
            {
                Limit = share.BytesMax,
                RetryAfterMs = _retryAfterMs,
            });
        }
    }

    public void Return(long bytes) => share.Return(bytes);

    /// <summary>From now on it may be cut off.</summary>
    public void Watch(Passage passage) => _large.TryAdd(passage, true);

    public void Forget(Passage passage) => _large.TryRemove(passage, out _);

    private void CutStalled(Passage? asking)
    {
        long wanted = share.BytesMax >> _quarterShift;
        foreach (Passage passage in _large.Keys.Where(p => p != asking && p.SinceMoved >= _stalledMin)
            .OrderByDescending(p => p.SinceMoved))
        {
            wanted -= passage.Bytes;
            if (passage.Cut())
            {
                _cut.Add(1, new KeyValuePair<string, object?>("share", name));
            }

            if (wanted <= 0)
            {
                return;
            }
        }
    }
}

/// <summary>One body on its way in, or one answer on its way out, and the memory that it holds.</summary>
/// <remarks>Its request's own thread, but for <see cref="Cut"/> and what it reads.</remarks>
internal sealed class Passage(Traffic traffic, Action cut) : IDisposable
{
    /// <summary>Below this it is not worth while to cut anybody off.</summary>
    private const int _largeBytes = 64 << 10;

    private long _bytes;
    private long _movedAt = traffic.Time.GetTimestamp();
    private int _isCut;

    public long Bytes => Volatile.Read(ref _bytes);

    public bool IsCut => Volatile.Read(ref _isCut) != 0;

    public TimeSpan SinceMoved => traffic.Time.GetElapsedTime(Volatile.Read(ref _movedAt));

    /// <exception cref="RequestRefusedException">429: there is not so much left.</exception>
    public void Take(int bytes)
    {
        traffic.Take(this, bytes);
        bool wasLarge = _bytes > _largeBytes;
        Volatile.Write(ref _bytes, _bytes + bytes);
        if (!wasLarge && _bytes > _largeBytes)
        {
            traffic.Watch(this);
        }
    }

    public bool IsLargeWith(int more) => _bytes + more > _largeBytes;

    public void Moved() => Volatile.Write(ref _movedAt, traffic.Time.GetTimestamp());

    public void Return(int bytes)
    {
        Volatile.Write(ref _bytes, _bytes - bytes);
        traffic.Return(bytes);
    }

    /// <summary>Any thread. False: somebody has done it.</summary>
    public bool Cut()
    {
        if (Interlocked.Exchange(ref _isCut, 1) != 0)
        {
            return false;
        }

        cut();
        return true;
    }

    public void Dispose()
    {
        traffic.Forget(this);
        traffic.Return(Interlocked.Exchange(ref _bytes, 0));
    }
}
