using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Grains.FrontEnd.Routes;
using Grains.FrontEnd.Tests.World;
using Grains.Operations.Access;
using Grains.Silo.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Grains.FrontEnd.Tests.Access;

/// <summary>Who did what, and who was not let in.</summary>
public sealed class AuditTests : IAsyncLifetime
{
    private const string _boss = "Bearer boss-key-0123456789";
    private const string _reader = "Bearer reader-key-0123456789";
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(60);

    private readonly string _file = Path.GetTempFileName();
    private readonly LogLines _log = new();
    private readonly MeterListener _meter = new();
    private readonly ConcurrentBag<string> _counted = [];
    private FrontEndServer? _server;

    public async Task InitializeAsync()
    {
        await File.WriteAllTextAsync(_file, "boss admin boss-key-0123456789\nwatch read reader-key-0123456789\n");
        _server = await FrontEndServer.StartAsync(
            keysFile: _file, addServices: s => s.AddSingleton<ILoggerProvider>(_log));
        _meter.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == GrainsMeter.Name
                && instrument.Name.StartsWith("grains.access.", StringComparison.Ordinal))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _meter.SetMeasurementEventCallback<long>((instrument, by, tags, _) =>
        {
            for (long i = 0; i < by; i++)
            {
                _counted.Add(instrument.Name + " " + string.Join(" ", tags.ToArray().Select(t => t.Value)));
            }
        });
        _meter.Start();
    }

    public async Task DisposeAsync()
    {
        _meter.Dispose();
        await _server!.DisposeAsync();
        File.Delete(_file);
    }

    [Fact]
    public async Task Whatever_needs_the_permission_admin_is_said_and_counted_with_the_key_that_asked()
    {
        ApiRoute[] routes =
        [
            .. _server!.Services.GetRequiredService<RouteTable>().All.Where(r => r.Permission == Permission.Admin)
        ];
        Assert.Contains(routes, r => r.Path.EndsWith(":purge", StringComparison.Ordinal));
        Assert.Contains(routes, r => r.Path.EndsWith("/secret", StringComparison.Ordinal));
        foreach (ApiRoute route in routes)
        {
            string path = route.Path.Replace(
                "{", "x", StringComparison.Ordinal).Replace("}", "", StringComparison.Ordinal);
            Reply reply = await _server.SendAsync(
                route.Method, path, route.Method == "GET" ? null : "{}", headers: ("Authorization", _boss));
            await _log.UntilAsync($"asked for {route.Method} {path}; the answer was {reply.Status}.", _deadline);
            Assert.Contains(
                _counted,
                c => c.StartsWith($"grains.access.admin {route.Method} {route.Path} ", StringComparison.Ordinal));
        }

        string[] said = [.. _log.Lines.Where(l => l.StartsWith("Audit: ", StringComparison.Ordinal))];
        Assert.Equal(routes.Length, said.Length);
        Assert.All(said, l => Assert.StartsWith("Audit: 'boss' at 127.0.0.1:", l, StringComparison.Ordinal));
        Assert.DoesNotContain(_log.Lines, l => l.Contains("boss-key", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_needs_less_is_not_said()
    {
        Assert.Equal(200, (await _server!.SendAsync("GET", "/v1/services", headers: ("Authorization", _boss))).Status);
        Assert.Equal(
            404,
            (await _server.SendAsync("GET", "/v1/services/none/secret", headers: ("Authorization", _boss))).Status);
        await _log.UntilAsync("asked for GET /v1/services/none/secret; the answer was 404.", _deadline);
        Assert.Single(_log.Lines, l => l.StartsWith("Audit: ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(null, 401, "unauthenticated", "'no known key'")]
    [InlineData("Bearer guess-0123456789abcdef", 401, "unauthenticated", "'no known key'")]
    [InlineData("Basic YTpi", 401, "unauthenticated", "'no known key'")]
    [InlineData(_reader, 403, "forbidden", "'watch'")]
    public async Task Who_is_refused_is_said_and_counted(string? authorization, int status, string reason, string who)
    {
        Reply reply = authorization is null
            ? await _server!.SendAsync("DELETE", "/v1/services/victim")
            : await _server!.SendAsync("DELETE", "/v1/services/victim", headers: ("Authorization", authorization));
        Assert.Equal(status, reply.Status);
        string line = await _log.UntilAsync($"Refused with {status} ({reason}): {who} at 127.0.0.1:", _deadline);
        Assert.Contains("asked for DELETE /v1/services/victim.", line, StringComparison.Ordinal);
        Assert.Contains($"grains.access.refused {reason}", _counted);
        Assert.DoesNotContain("guess", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_storm_of_wrong_keys_is_counted_whole_and_said_in_a_few_lines_that_add_up()
    {
        const int storm = 300;
        for (int i = 0; i < storm; i++)
        {
            await _server!.SendAsync("GET", "/v1/services", headers: ("Authorization", $"Bearer guess-{i:d20}"));
        }

        using var deadline = new CancellationTokenSource(_deadline);
        using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (Said().Sum() < storm)
        {
            await look.WaitForNextTickAsync(deadline.Token);
        }

        Assert.Equal(storm, Said().Sum());
        Assert.True(Said().Count < storm / 2);
        Assert.True(_counted.Count(c => c == "grains.access.refused unauthenticated") >= storm);
    }

    [Theory]
    [InlineData("a%0Ab")]
    [InlineData("a%E2%80%A8b")]
    [InlineData("a%1B%5B2Jb")]
    [InlineData("a%E2%80%AEb")]
    public async Task A_name_cannot_begin_a_line_of_its_own(string name)
    {
        await _server!.SendAsync("DELETE", $"/v1/services/{name}", headers: ("Authorization", _boss));
        await _server.SendAsync("DELETE", $"/v1/services/{name}");
        await _log.UntilAsync("Audit: 'boss'", _deadline);
        await _log.UntilAsync("Refused with 401", _deadline);
        Assert.All(
            _log.Lines.Where(
                l => l.StartsWith("Audit", StringComparison.Ordinal)
                    || l.StartsWith("Refused", StringComparison.Ordinal)), l =>
        {
            Assert.All(l, c => Assert.InRange(c, ' ', '~'));
            Assert.Contains("\\u", l, StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task Without_keys_it_is_said_too_and_a_page_of_another_site_that_is_refused()
    {
        var log = new LogLines();
        await using FrontEndServer open = await FrontEndServer.StartAsync(
            addServices: s => s.AddSingleton<ILoggerProvider>(log));
        await open.SendAsync("PUT", "/v1/services/s", "{}");
        await log.UntilAsync("Audit: 'no key' at 127.0.0.1:", _deadline);
        await open.SendAsync("DELETE", "/v1/services/s", headers: ("Origin", "http://evil.example"));
        await log.UntilAsync("Refused with 403 (forbidden): 'no known key'", _deadline);
    }

    /// <summary>For how many refusals each line stands.</summary>
    private List<long> Said() =>
    [
        .. _log.Lines.Where(l => l.StartsWith("Refused with 401 (", StringComparison.Ordinal))
        .Select(l => 1 + Number(l, "(Others not said: ")),
        .. _log.Lines.Where(l => l.StartsWith("Refused with 401 or 403", StringComparison.Ordinal))
        .Select(l => Number(l, "one by one: ")),
    ];

    private static long Number(string line, string before)
    {
        int from = line.IndexOf(before, StringComparison.Ordinal) + before.Length;
        return long.Parse(new string([.. line[from..].TakeWhile(char.IsAsciiDigit)]), null);
    }
}
