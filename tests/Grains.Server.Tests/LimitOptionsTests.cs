using Grains.Server.Limits;
using Grains.Server.Options;
using static Grains.Server.Tests.SettingsOfTest;

namespace Grains.Server.Tests;

public sealed class LimitOptionsTests
{
    [Theory]
    [InlineData("256MiB", 256L << 20)]
    [InlineData("1GiB", 1L << 30)]
    [InlineData("262144KiB", 256L << 20)]
    [InlineData("268435456", 256L << 20)]
    [InlineData("268435457B", (256L << 20) + 1)]
    public void Memory_is_a_number_of_bytes_with_or_without_a_unit(string written, long bytes) =>
        Assert.Equal(bytes, Accepted(["--memory", written]).MemoryBytes);

    [Theory]
    [InlineData("255MiB")]
    [InlineData("0")]
    [InlineData("-1GiB")]
    [InlineData("1.5GiB")]
    [InlineData("1GB")]
    [InlineData("1 GiB")]
    [InlineData("GiB")]
    [InlineData("9999999999GiB")]
    [InlineData("1000TiB")]
    public void Memory_that_is_no_size_or_too_little_or_more_than_there_is_is_refused(string written) =>
        Assert.Contains("--memory", Assert.Single(Refused(["--memory", written])).ToString(), StringComparison.Ordinal);

    [Theory]
    [InlineData("--connections", "15")]
    [InlineData("--connections", "2147483647")]
    [InlineData("--connections", "+16")]
    [InlineData("--rate", "0")]
    [InlineData("--rate", "1000001")]
    [InlineData("--rate", "1e3")]
    public void A_count_out_of_its_range_is_refused(string name, string written) =>
        Assert.Contains(name, Assert.Single(Refused([name, written])).ToString(), StringComparison.Ordinal);

    [Fact]
    public void Everything_that_is_wrong_is_said_at_once() =>
        Assert.Equal(3, Refused(["--memory", "x", "--connections", "x", "--rate", "x"]).Count);

    [Fact]
    public void Limits_are_not_set_unless_given_and_may_come_by_variable()
    {
        GrainsOptions none = Accepted([]);
        Assert.Null(none.MemoryBytes);
        Assert.Null(none.ConnectionsMax);
        Assert.Null(none.RequestsPerSecondMax);
        GrainsOptions given = Accepted(
            ["--connections", "16"], new() { ["GRAINS_RATE"] = "1000000", ["GRAINS_MEMORY"] = "1GiB" });
        Assert.Equal((16, 1_000_000, 1L << 30), (given.ConnectionsMax, given.RequestsPerSecondMax, given.MemoryBytes));
    }

    [Fact]
    public void A_part_of_the_descriptors_is_left_to_files_and_servers()
    {
        Assert.InRange(ProcessLimits.Descriptors, 256, int.MaxValue);
        Assert.True(ProcessLimits.ApiConnectionsMax + ProcessLimits.SiloConnectionsMax < ProcessLimits.Descriptors);
        Assert.InRange(ProcessLimits.MemoryBytes, 1L << 28, 1L << 50);
    }
}
