using System.Net;
using Grains.Api;
using Grains.Api.Problems;
using Grains.Operations.Access;
using Grains.Operations.Errors;
using Grains.Operations.Waits;
using Microsoft.Extensions.Hosting;

namespace Grains.Operations.Tests;

/// <summary>Places for requests that wait, on one server: shared fairly by callers.</summary>
public sealed class WaitingRoomTests
{
    private const long _waitMs = 1_000;

    [Theory]
    [InlineData("10.0.0.1", "10.0.0.2")]
    [InlineData("::ffff:10.0.0.1", "::ffff:10.0.0.2")]
    [InlineData("2001:db8:0:1::1", "2001:db8:0:2::1")]
    public async Task A_caller_who_has_all_places_loses_one_to_each_other_and_is_told(string hog, string other)
    {
        WaitingRoom room = Room();
        WaitingRoom.Place[] places = Fill(room, () => From(hog));
        Assert.Null(room.Enter(From(hog), _waitMs));
        Task<Result<int>> last = room.WaitAsync(places[^1], HangAsync, 0, CancellationToken.None);
        Task<Result<int>> first = room.WaitAsync(places[0], HangAsync, 0, CancellationToken.None);
        Assert.NotNull(room.Enter(From(other), _waitMs));
        Assert.False((await last).TryGet(out _, out OperationError? refused));
        Assert.Equal((ProblemCode.Overloaded, 1_000), (refused.Code, refused.RetryAfterMs));
        Assert.False(first.IsCompleted);
        places[0].Dispose();
        Assert.NotNull(room.Enter(From(hog), _waitMs));
    }

    [Theory]
    [InlineData("2001:db8::1", "2001:db8::ffff:1")]
    public void Addresses_of_one_network_are_one_caller(string one, string another)
    {
        WaitingRoom room = Room();
        Fill(room, () => From(one));
        Assert.Null(room.Enter(From(another), _waitMs));
    }

    [Fact]
    public void With_keys_it_is_the_key_that_counts_and_not_the_address()
    {
        WaitingRoom room = Room();
        int n = 0;
        Fill(room, () => From($"10.0.0.{n++ % 200}", "one"));
        Assert.Null(room.Enter(From("10.0.0.1", "one"), _waitMs));
        Assert.NotNull(room.Enter(From("10.0.0.1", "two"), _waitMs));
    }

    [Fact]
    public async Task Who_does_not_want_to_wait_takes_no_place_and_a_server_that_ends_ends_the_waits()
    {
        var lifetime = new Lifetime();
        var room = new WaitingRoom(lifetime);
        Assert.Null(room.Enter(From("10.0.0.1"), 0));
        Assert.Equal(0, room.Count);
        using WaitingRoom.Place? place = room.Enter(From("10.0.0.1"), _waitMs);
        Task<Result<int>> waits = room.WaitAsync(place, HangAsync, 42, CancellationToken.None);
        lifetime.StopApplication();
        Assert.True((await waits).TryGet(out int answer, out _));
        Assert.Equal(42, answer);
    }

    private static WaitingRoom.Place[] Fill(WaitingRoom room, Func<Caller> next)
    {
        WaitingRoom.Place?[] places =
        [
            .. Enumerable.Range(0, Limits.WaitingRequests).Select(_ => room.Enter(next(), _waitMs))
        ];
        Assert.DoesNotContain(null, places);
        return places!;
    }

    private static WaitingRoom Room() => new(new Lifetime());

    private static async Task<Result<int>> HangAsync(CancellationToken over)
    {
        await Task.Delay(Timeout.Infinite, over);
        return 1;
    }

    private static Caller From(string address, string? key = null) => key is null
        ? new Caller(null, CallerGroup.Of(IPAddress.Parse(address)), Permission.Admin)
        : new Caller(key, default, Permission.Read);

    private sealed class Lifetime : IHostApplicationLifetime
    {
        private readonly CancellationTokenSource _stopping = new();

        public CancellationToken ApplicationStarted => CancellationToken.None;

        public CancellationToken ApplicationStopping => _stopping.Token;

        public CancellationToken ApplicationStopped => CancellationToken.None;

        public void StopApplication() => _stopping.Cancel();
    }
}
