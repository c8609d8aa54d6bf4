using System.Diagnostics.Metrics;
using Grains.Api;
using Grains.Api.Problems;
using Grains.Operations.Access;
using Grains.Operations.Errors;
using Grains.Silo.Telemetry;
using Grains.StateMachines.Memory;
using Microsoft.Extensions.Hosting;

namespace Grains.Operations.Waits;

/// <summary>
/// The requests that wait for something to happen: as many as a server has places for, shared fairly by callers. One
/// that finds no place is answered with what is there at once, else refused.
/// </summary>
public sealed class WaitingRoom(IHostApplicationLifetime lifetime)
{
    private const int _retryMs = 1_000;

    private static readonly Counter<long> _refused = GrainsMeter.Instance.CreateCounter<long>(
        "grains.waits.refused", null, "Requests that could not wait, or not any longer, because all places are taken.");

    private readonly Lock _lock = new();
    private readonly FairRoom<Caller, Place> _room = new(Limits.WaitingRequests);

    /// <summary>The server is to end: nobody waits any longer.</summary>
    public bool IsClosing => lifetime.ApplicationStopping.IsCancellationRequested;

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _room.Count;
            }
        }
    }

    /// <summary>Null: it does not want to wait, or there is no place. To be left by disposing it.</summary>
    public Place? Enter(Caller caller, long waitMs)
    {
        if (waitMs <= 0)
        {
            return null;
        }

        var place = new Place(this);
        Place? sent;
        lock (_lock)
        {
            if (!_room.TryEnter(caller, place, out sent))
            {
                return null;
            }
        }

        sent?.Send();
        return place;
    }

    /// <summary>
    /// Until what is asked for is there, the caller goes away, or the server is to end: an orderly stop waits for all
    /// requests.
    /// </summary>
    /// <param name="place">Null: what is asked must not wait.</param>
    /// <param name="ask">Waits.</param>
    /// <param name="atTheStop">What is said when the server is to end.</param>
    /// <param name="gone">The caller went away.</param>
    /// <returns>Also a refusal, if the place was given to a caller who had fewer.</returns>
    /// <exception cref="OperationCanceledException">The caller went away.</exception>
    public async Task<Result<T>> WaitAsync<T>(
        Place? place, Func<CancellationToken, Task<Result<T>>> ask, T atTheStop, CancellationToken gone)
        where T : notnull
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(
            gone, lifetime.ApplicationStopping, place?.Sent ?? CancellationToken.None);
        try
        {
            return await ask(over.Token);
        }
        catch (OperationCanceledException) when (!gone.IsCancellationRequested)
        {
            return IsClosing ? atTheStop : Full();
        }
    }

    /// <summary>Nothing was there, and it cannot wait.</summary>
    public OperationError Full()
    {
        _refused.Add(1);
        return new OperationError(
            ProblemCode.Overloaded,
            $"{Limits.WaitingRequests} requests wait on this server already, and no caller's more than yours. Ask "
            + "again later.")
        {
            RetryAfterMs = _retryMs,
        };
    }

    private void Leave(Place place)
    {
        lock (_lock)
        {
            _room.Leave(place);
        }
    }

    /// <summary>One request's.</summary>
    public sealed class Place(WaitingRoom room) : IDisposable
    {
        private readonly CancellationTokenSource _sent = new();

        /// <summary>Another caller has it now.</summary>
        public CancellationToken Sent => _sent.Token;

        public void Dispose() => room.Leave(this);

        /// <summary>On another thread: what ends with it is not the business of who came.</summary>
        internal void Send() => _ = _sent.CancelAsync();
    }
}
