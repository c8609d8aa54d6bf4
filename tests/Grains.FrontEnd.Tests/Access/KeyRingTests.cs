using System.Security.Cryptography;
using System.Text;
using Grains.Operations.Access;
using Microsoft.Extensions.Time.Testing;

namespace Grains.FrontEnd.Tests.Access;

public sealed class KeyRingTests
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(30);
    private readonly FakeTimeProvider _time = new(DateTimeOffset.Parse("2026-05-01T00:00:00Z", null));

    [Fact]
    public async Task What_a_key_may_no_longer_do_ends_and_what_it_still_may_goes_on()
    {
        KeyRing ring = Ring("a admin key-of-a-0123456789", "b write key-of-b-0123456789");
        KeyLife a = Find(ring, "key-of-a-0123456789")!.Life;
        KeyLife b = Find(ring, "key-of-b-0123456789")!.Life;
        KeyLife.Stage before = a[Permission.Admin];
        KeyChanges changes = Replace(ring, "a write key-of-a-0123456789", "c read key-of-c-0123456789");
        Assert.Equal(["c"], changes.Added);
        Assert.Equal(["b"], changes.Removed);
        Assert.Equal(["a"], changes.Changed);
        await EndedAsync(a[Permission.Admin].Ended);
        await EndedAsync(b[Permission.Read].Ended);
        await EndedAsync(b[Permission.Write].Cut);
        Assert.False(a[Permission.Write].Ended.IsCancellationRequested);
        Assert.Null(Find(ring, "key-of-b-0123456789"));

        // Raised again, it does anew what it did; what was under way before stays ended.
        Replace(ring, "a admin key-of-a-0123456789");
        Assert.Same(a, Find(ring, "key-of-a-0123456789")!.Life);
        Assert.False(a[Permission.Admin].IsOver);
        Assert.True(before.IsOver);
    }

    [Fact]
    public void A_key_that_is_exchanged_under_its_name_is_another_one()
    {
        KeyRing ring = Ring("a admin old-key-0123456789");
        KeyLife old = Find(ring, "old-key-0123456789")!.Life;
        KeyChanges changes = Replace(ring, "a admin new-key-0123456789");
        Assert.Equal(["a"], changes.Added);
        Assert.Equal(["a"], changes.Removed);
        Assert.True(old[Permission.Read].IsOver);
        Assert.Null(Find(ring, "old-key-0123456789"));
        Assert.NotNull(Find(ring, "new-key-0123456789"));
    }

    [Theory]
    [InlineData("2026-05-01T01:00:00Z")]
    [InlineData("2026-05-01T03:00:00+02:00")]
    [InlineData("2026-05-01t01:00:00.0000000000z")]
    public void A_key_is_none_from_its_expiry_on_and_that_is_found_once(string expiry)
    {
        KeyRing ring = Ring($"a admin key-of-a-0123456789 {expiry}");
        KeyLife life = Find(ring, "key-of-a-0123456789")!.Life;
        _time.Advance(TimeSpan.FromHours(1) - TimeSpan.FromMilliseconds(1));
        Assert.NotNull(Find(ring, "key-of-a-0123456789"));
        Assert.Empty(ring.EndExpired());
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Null(Find(ring, "key-of-a-0123456789"));
        Assert.Equal(["a"], ring.EndExpired());
        Assert.Empty(ring.EndExpired());
        Assert.True(life[Permission.Read].IsOver);

        Replace(ring, "a admin key-of-a-0123456789 2027-01-01T00:00:00Z");
        Assert.False(Find(ring, "key-of-a-0123456789")!.Life[Permission.Read].IsOver);
    }

    [Theory]
    [InlineData("a admin key-of-a-0123456789 tomorrow")]
    [InlineData("a admin key-of-a-0123456789 2026-05-01")]
    [InlineData("a admin key-of-a-0123456789 2026-05-01T01:00:00")]
    [InlineData("a admin key-of-a-0123456789 2026-02-30T01:00:00Z")]
    [InlineData("a admin key-of-a-0123456789 2026-05-01T01:00:00Z more")]
    [InlineData("a admin")]
    public void A_line_that_is_not_whole_is_refused(string line) => Assert.Single(KeysFile.Parse([line]).Errors);

    [Theory]
    [InlineData(15, false)]
    [InlineData(16, true)]
    [InlineData(512, true)]
    [InlineData(513, false)]
    public void A_key_has_from_16_to_512_characters(int length, bool isKey) =>
        Assert.Equal(isKey, KeysFile.Parse([$"a read {new string('k', length)}"]).Errors.Count == 0);

    [Theory]
    [InlineData('!', true)]
    [InlineData('~', true)]
    [InlineData('\x7f', false)]
    [InlineData('\x1f', false)]
    [InlineData('é', false)]
    public void A_key_is_of_visible_ASCII_characters(char other, bool isKey) =>
        Assert.Equal(isKey, KeysFile.Parse([$"a read key-of-a-012345{other}"]).Errors.Count == 0);

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)]
    [InlineData(1_000, true)]
    [InlineData(1_001, false)]
    public void There_are_from_one_to_1000_keys(int count, bool isFile) =>
        Assert.Equal(
            isFile,
            KeysFile.Parse(Enumerable.Range(0, count).Select(i => $"k{i} read key-of-many-{i:D8}")).Errors.Count == 0);

    [Theory]
    [InlineData("ops", "admin", "key-of-ops-0123456789", null)]
    [InlineData("ops-2", "read", "another-key-0123456789", "2030-01-31T08:00:00+01:00")]
    public void The_line_for_a_key_holds_its_hash_and_lets_the_key_in(
        string name, string permission, string key, string? expiry)
    {
        (string? line, string? error) = KeysFile.Describe(name, permission, key, expiry);
        Assert.Null(error);
        Assert.DoesNotContain(key, line, StringComparison.Ordinal);
        HeldKey held = Find(Ring(line!), key)!;
        Assert.Equal((name, permission), (held.Key.Name, held.Key.Permission.ToString().ToLowerInvariant()));
        Assert.Equal(expiry is null, held.Key.ExpiresAt is null);
    }

    [Theory]
    [InlineData("#ops", "admin", "key-of-ops-0123456789", null)]
    [InlineData("ops", "root", "key-of-ops-0123456789", null)]
    [InlineData("ops", "admin", "short", null)]
    [InlineData("ops", "admin", "with space 0123456789", null)]
    [InlineData("o ps", "admin", "key-of-ops-0123456789", null)]
    [InlineData("ops", "admin", "key-of-ops-0123456789", "never")]
    public void What_would_be_no_line_is_refused_without_showing_the_key(
        string name, string permission, string key, string? expiry)
    {
        (string? line, string? error) = KeysFile.Describe(name, permission, key, expiry);
        Assert.Null(line);
        Assert.DoesNotContain(key, error!, StringComparison.Ordinal);
    }

    private KeyRing Ring(params string[] lines) => new(Parse(lines), "1", _time);

    private static KeyChanges Replace(KeyRing ring, params string[] lines) => ring.Replace(Parse(lines), "2");

    private static IReadOnlyList<AccessKey> Parse(string[] lines)
    {
        KeysReading reading = KeysFile.Parse(lines);
        Assert.Empty(reading.Errors);
        return reading.Keys;
    }

    private static HeldKey? Find(KeyRing ring, string key) => ring.Find(SHA256.HashData(Encoding.ASCII.GetBytes(key)));

    private static async Task EndedAsync(CancellationToken ends)
    {
        Task wait = Task.Delay(_deadline, ends);
        await wait.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Assert.True(wait.IsCanceled);
    }
}
