using Grains.Operations.Declarations;
using Grains.StateMachines.Batches;
using Microsoft.Extensions.Time.Testing;

namespace Grains.Operations.Tests;

public sealed class DeclarationCacheTests
{
    private static readonly TimeSpan _fresh = TimeSpan.FromMilliseconds(DeclarationCache<string>.FreshMs);
    private static readonly TimeSpan _oldest = TimeSpan.FromMilliseconds(DeclarationCache<string>.OldMsMax);

    private readonly FakeTimeProvider _time = new();
    private readonly DeclarationCache<string> _cache;
    private Func<Task<string?>> _read = () => Task.FromResult<string?>("first");
    private int _reads;

    public DeclarationCacheTests() => _cache = new DeclarationCache<string>(ReadAsync, _time);

    [Fact]
    public async Task A_fresh_declaration_is_not_read_again_and_an_older_one_is()
    {
        Assert.Equal("first", await FindAsync());
        _read = () => Task.FromResult<string?>("second");
        Assert.Equal("first", await FindAsync());
        _time.Advance(_fresh);
        Assert.Equal("second", await FindAsync());
        Assert.Equal(2, _reads);
    }

    [Fact]
    public async Task What_is_known_is_used_while_a_read_gets_no_answer_and_waited_for_once()
    {
        await FindAsync();
        var answer = new TaskCompletionSource<string?>();
        _read = () => answer.Task;
        _time.Advance(_fresh);
        Task<string?> patient = FindAsync();
        Assert.False(patient.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(DeclarationCache<string>.CallerTimeoutMs));
        Assert.Equal("first", await patient);
        Assert.Equal("first", await FindAsync());
        Assert.Equal(2, _reads);

        answer.SetResult("second");
        Assert.Equal("second", await FindAsync());
        Assert.Equal(2, _reads);
    }

    [Fact]
    public async Task What_is_known_is_used_after_a_read_that_failed_and_the_next_one_reads_again()
    {
        await FindAsync();
        _read = () => Task.FromException<string?>(new InvalidOperationException("away"));
        _time.Advance(_fresh);
        Assert.Equal("first", await FindAsync());
        _read = () => Task.FromResult<string?>("second");
        Assert.Equal("second", await FindAsync());
    }

    [Fact]
    public async Task What_was_not_read_for_too_long_is_not_used()
    {
        await FindAsync();
        _read = () => Task.FromException<string?>(new InvalidOperationException("away"));
        _time.Advance(_oldest);
        Assert.Equal("away", (await Assert.ThrowsAsync<InvalidOperationException>(FindAsync)).Message);
    }

    [Fact]
    public async Task A_declaration_that_is_gone_is_not_used_any_more()
    {
        await FindAsync();
        _read = () => Task.FromResult<string?>(null);
        _time.Advance(_fresh);
        Assert.Null(await FindAsync());
        _read = () => Task.FromException<string?>(new InvalidOperationException("away"));
        await Assert.ThrowsAsync<InvalidOperationException>(FindAsync);
    }

    private Task<string?> FindAsync() => _cache.FindAsync("name").AsTask();

    private Task<string?> ReadAsync(string name, ReadConsistency choice)
    {
        _reads++;
        return _read();
    }
}
