using System.Diagnostics.Metrics;
using Grains.Api;
using Grains.Api.Problems;
using Grains.FrontEnd.Access;
using Grains.FrontEnd.Problems;
using Grains.Silo.Telemetry;
using Grains.StateMachines.Memory;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;

namespace Grains.FrontEnd.Requests;

/// <summary>
/// The requests that wait for something to happen: as many as a server has places for, shared fairly by callers. One that
/// finds no place is answered with what is there at once, else refused.
/// </summary>
internal sealed class WaitingRoom(IHostApplicationLifetime lifetime)
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
    public Place? Enter(HttpContext http, long waitMs)
    {
        if (waitMs <= 0)
        {
            return null;
        }

        var place = new Place(this);
        Place? sent;
        lock (_lock)
        {
            if (!_room.TryEnter(Caller.Of(http), place, out sent))
            {
                return null;
            }
        }

        sent?.Send();
        return place;
    }

    /// <summary>
    /// Until what is asked for is there, the caller goes away, or the server is to end: an orderly stop waits for all requests.
    /// </summary>
    /// <param name="http">Whose caller waits.</param>
    /// <param name="place">Null: what is asked must not wait.</param>
    /// <param name="ask">Waits.</param>
    /// <param name="atTheStop">What is said when the server is to end.</param>
    /// <exception cref="RequestRefusedException">The place was given to a caller who had fewer.</exception>
    public async Task<T> WaitAsync<T>(HttpContext http, Place? place, Func<CancellationToken, Task<T>> ask, Func<T> atTheStop)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(
            http.RequestAborted, lifetime.ApplicationStopping, place?.Sent ?? CancellationToken.None);
        try
        {
            return await ask(over.Token);
        }
        catch (OperationCanceledException) when (!http.RequestAborted.IsCancellationRequested)
        {
            return IsClosing ? atTheStop() : throw Full();
        }
    }

    /// <summary>Nothing was there, and it cannot wait.</summary>
    public RequestRefusedException Full()
    {
        _refused.Add(1);
        return new RequestRefusedException(
            ProblemCode.Overloaded,
            $"{Limits.WaitingRequests} requests wait on this server already, and no caller's more than yours. Ask again later.")
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
