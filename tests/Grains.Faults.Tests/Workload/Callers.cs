using System.Net.Sockets;

namespace Grains.Faults.Tests.Workload;

/// <summary>
/// Clients of one kind: they share connections, the deadline of a call, the servers that they may use, and the count
/// of what became of their calls.
/// </summary>
internal sealed class Callers(IReadOnlyList<Uri> servers, TimeSpan? deadline = null) : IDisposable
{
    private static readonly TimeSpan _deadlineByDefault = TimeSpan.FromSeconds(5);

    private readonly HttpClient _http =
        new(new SocketsHttpHandler { UseProxy = false, ConnectTimeout = TimeSpan.FromSeconds(2) })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };

    private volatile IReadOnlyList<Uri> _servers = servers;
    private int _lastCaller = -1;

    /// <summary>Of each call that begins from now on.</summary>
    public TimeSpan Deadline { get; set; } = deadline ?? _deadlineByDefault;

    public CallTally Tally { get; } = new();

    /// <summary>The servers that calls from now on go to.</summary>
    public IReadOnlyList<Uri> Servers
    {
        get => _servers;
        set => _servers = value;
    }

    /// <summary>One more client, bound to the next server.</summary>
    public Caller Next() => new(this, Interlocked.Increment(ref _lastCaller));

    public Uri Server(int number)
    {
        IReadOnlyList<Uri> servers = _servers;
        return servers[number % servers.Count];
    }

    public async Task<Reply> SendAsync(HttpRequestMessage request)
    {
        Reply reply = await SendWithinDeadlineAsync(request);
        Tally.Count(reply);
        return reply;
    }

    public void Dispose() => _http.Dispose();

    private async Task<Reply> SendWithinDeadlineAsync(HttpRequestMessage request)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        try
        {
            using HttpResponseMessage answer = await _http.SendAsync(request, deadline.Token);
            return Reply.Read(answer, await answer.Content.ReadAsStringAsync(deadline.Token));
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.ConnectionError)
        {
            return Reply.Without(ReplyKind.NotStarted, "no connection", e);
        }
        catch (OperationCanceledException e)
        {
            return Reply.Without(ReplyKind.Unknown, "no answer in time", e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException)
        {
            // The bare last one is HttpClient's where the other side resets a connection in the moment that it stands.
            return Reply.Without(ReplyKind.Unknown, "connection lost", e);
        }
    }
}
