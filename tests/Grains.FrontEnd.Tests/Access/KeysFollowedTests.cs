using Grains.FrontEnd.Access;
using Grains.FrontEnd.Problems;
using Grains.FrontEnd.Tests.World;
using Grains.Operations.Access;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Deliveries;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Grains.FrontEnd.Tests.Access;

/// <summary>The file of keys while the server runs.</summary>
public sealed class KeysFollowedTests : IAsyncLifetime
{
    private const string _boss = "boss admin boss-key-0123456789\n";
    private const string _other = "other write other-key-0123456789\n";
    private static readonly TimeSpan _promised = TimeSpan.FromSeconds(10);

    /// <summary>The file is looked at so many times more often than by default.</summary>
    private const int _sooner = 40;

    /// <summary>Far above what is promised: these machines are busy.</summary>
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(90);

    private readonly string _file = Path.GetTempFileName();
    private readonly LogLines _log = new();
    private FrontEndServer? _server;

    public async Task InitializeAsync()
    {
        await File.WriteAllTextAsync(_file, _boss + _other);
        _server = await FrontEndServer.StartAsync(
            keysFile: _file,
            addServices: s => s.AddSingleton<ILoggerProvider>(_log).AddSingleton(
                p => ActivatorUtilities.CreateInstance<AccessKeeper>(p, new HastenedTime(_sooner))));
        Assert.Equal("201", await AskAsync("PUT", "/v1/services/words", "boss-key-0123456789"));
    }

    public async Task DisposeAsync()
    {
        await _server!.DisposeAsync();
        File.Delete(_file);
    }

    [Fact]
    public async Task Keys_are_added_removed_and_given_another_permission_while_the_server_runs()
    {
        await WriteAsync(_boss + "other admin other-key-0123456789\nnew read new-key-0123456789\n");
        await UntilAsync("200", "GET", "/v1/services", "new-key-0123456789");
        Assert.Equal("200", await AskAsync("PUT", "/v1/services/words", "other-key-0123456789"));
        await WriteAsync(_boss + "other read other-key-0123456789\n");
        await UntilAsync("401 unauthenticated", "GET", "/v1/services", "new-key-0123456789");
        Assert.Equal("403 forbidden", await AskAsync("PUT", "/v1/services/words", "other-key-0123456789"));
        await _log.UntilAsync("Keys added: none; removed: new; with another permission or end: other.", _deadline);
    }

    [Theory]
    [InlineData("boss admin boss-key-0123456789\nother wri", "Line 2")]
    [InlineData("", "There are 0 keys")]
    [InlineData(null, "not find")]
    public async Task A_file_that_is_half_written_or_gone_changes_nothing_and_that_is_said(string? text, string reason)
    {
        if (text is null)
        {
            File.Delete(_file);
        }
        else
        {
            await WriteAsync(text);
        }

        await _log.UntilAsync("is not used as it is now", _deadline);
        await _log.UntilAsync(reason, _deadline);
        Assert.True(_server!.Services.GetRequiredService<AccessKeeper>().IsStale);
        Assert.Equal("200", await AskAsync("GET", "/v1/services", "other-key-0123456789"));
        await WriteAsync(_boss);
        await UntilAsync("401 unauthenticated", "GET", "/v1/services", "other-key-0123456789");
        Assert.Single(_log.Lines, l => l.Contains("is not used as it is now", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("/v1/services/words/nodes/n/receive")]
    [InlineData("/v1/services/words/receive")]
    public async Task A_request_that_waits_under_a_key_that_is_removed_ends(string path)
    {
        var waits = new TaskCompletionSource();
        _server!.Partitions.Script = (_, command, cancel) =>
        {
            if (command is not Receive)
            {
                return null;
            }

            waits.TrySetResult();
            return WaitAsync(cancel);
        };
        Task<Reply> waiting = _server.SendAsync(
            "POST", path, """{"wait":"60s"}""", headers: ("Authorization", "Bearer other-key-0123456789"));
        await waits.Task.WaitAsync(_deadline);
        await WriteAsync(_boss);
        Reply ended = await waiting.WaitAsync(_deadline);
        Assert.Equal("401 unauthenticated", ended.Refusal);
        Assert.Equal("unknown", ended.Json.GetProperty("outcome").GetString());
    }

    [Fact]
    public async Task An_answer_that_has_begun_is_broken_off_and_what_heeds_nothing_too()
    {
        var stage = new KeyLife.Stage();
        var begun = new BrokenOff { IsBegun = true };
        Task streams = KeyRequests.RunAsync(
            begun.Http, (http, _) => Task.Delay(Timeout.Infinite, http.RequestAborted), default, stage);
        var deaf = new BrokenOff();
        Task hears = KeyRequests.RunAsync(deaf.Http, (_, _) => deaf.Aborted.Task, default, stage);
        var quick = new BrokenOff();
        await KeyRequests.RunAsync(quick.Http, (_, _) => Task.CompletedTask, default, stage);
        stage.End();
        await Task.WhenAll(streams, hears).WaitAsync(_deadline);
        Assert.True(begun.Aborted.Task.IsCompleted);
        Assert.False(quick.Aborted.Task.IsCompleted);

        var waits = new BrokenOff();
        await Assert.ThrowsAsync<RequestRefusedException>(
            () => KeyRequests.RunAsync(
                waits.Http, (http, _) => Task.Delay(Timeout.Infinite, http.RequestAborted), default, stage));
    }

    [Fact]
    public void What_is_promised_leaves_room_for_two_looks_and_the_cut() =>
        Assert.True((2 * AccessKeeper.LookEvery) + KeyLife.Stage.CutAfter < _promised);

    private static async Task<Answer> WaitAsync(CancellationToken cancel)
    {
        await Task.Delay(Timeout.Infinite, cancel);
        throw new InvalidOperationException("It waits without an end.");
    }

    private async Task<string> AskAsync(string method, string path, string key) =>
        (await _server!.SendAsync(method, path, method == "GET" ? null : "{}", headers: ("Authorization", "Bearer " + key))).Refusal;

    private async Task UntilAsync(string answer, string method, string path, string key)
    {
        using var deadline = new CancellationTokenSource(_deadline);
        using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (await AskAsync(method, path, key) != answer)
        {
            await look.WaitForNextTickAsync(deadline.Token);
        }
    }

    /// <summary>In one piece: looks come so often here that two in a row could see the file while it is written.</summary>
    private async Task WriteAsync(string text)
    {
        string draft = _file + ".new";
        await File.WriteAllTextAsync(draft, text);
        File.Move(draft, _file, overwrite: true);
    }

    /// <summary>A request that can be seen to be aborted.</summary>
    private sealed class BrokenOff : HttpResponseFeature, IHttpRequestLifetimeFeature
    {
        public BrokenOff()
        {
            Http.Features.Set<IHttpRequestLifetimeFeature>(this);
            Http.Features.Set<IHttpResponseFeature>(this);
        }

        public DefaultHttpContext Http { get; } = new();

        public override bool HasStarted => IsBegun;

        public bool IsBegun { get; init; }

        public TaskCompletionSource Aborted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public CancellationToken RequestAborted { get; set; }

        public void Abort() => Aborted.TrySetResult();
    }
}
