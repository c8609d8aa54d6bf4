using Grains.Silo.Cluster;
using Orleans.Storage;

namespace Grains.Silo.Tests.Cluster;

public sealed class ClusterSettingsFileTests : IDisposable
{
    private static readonly GrainId _grain = GrainId.Create("settings", IClusterSettingsGrain.Key);
    private static readonly ClusterSettings _settings = ClusterSettings.New(4, DateTimeOffset.UnixEpoch);
    private readonly string _folder = Directory.CreateTempSubdirectory("grains-settings-").FullName;

    private string FilePath => Path.Combine(_folder, "CLUSTER");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Settings_are_read_as_they_were_written_under_their_version()
    {
        Assert.Null(ClusterSettingsFile.At(FilePath).Read());
        Assert.False((await ReadAsync()).RecordExists);
        await WriteAsync(null, _settings);
        GrainState<StoredClusterSettings> read = await ReadAsync();
        Assert.Equal(("1", true), (read.ETag, read.RecordExists));
        Assert.Equal(_settings.ClusterId, read.State!.Settings!.ClusterId);
        Assert.Equal(_settings.DeliverySecret, ClusterSettingsFile.At(FilePath).Read()!.DeliverySecret);
        await WriteAsync("1", _settings with { Version = 2, Drained = ["a"] });
        Assert.Equal(["a"], (await ReadAsync()).State!.Settings!.Drained);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("1")]
    [InlineData("3")]
    public async Task A_write_under_another_version_than_the_stored_one_changes_nothing(string? version)
    {
        await WriteAsync(null, _settings with { Version = 2 });
        await Assert.ThrowsAsync<InconsistentStateException>(
            () => WriteAsync(version, _settings with { Version = 9 }));
        Assert.Equal(2, ClusterSettingsFile.At(FilePath).Read()!.Version);
    }

    [Fact]
    public async Task A_changed_byte_is_refused_with_the_path_and_what_to_do()
    {
        await WriteAsync(null, _settings);
        byte[] bytes = await File.ReadAllBytesAsync(FilePath);
        bytes[bytes.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(FilePath, bytes);
        string why = Assert.Throws<ClusterSettingsException>(() => ClusterSettingsFile.At(FilePath).Read()).Message;
        Assert.Contains(FilePath, why);
        Assert.Contains("checksum", why);
        Assert.Contains("backup", why);
    }

    private async Task<GrainState<StoredClusterSettings>> ReadAsync()
    {
        var state = new GrainState<StoredClusterSettings>(new StoredClusterSettings());
        await ClusterSettingsFile.At(FilePath).ReadStateAsync(ClusterStorage.SettingsState, _grain, state);
        return state;
    }

    private Task WriteAsync(string? version, ClusterSettings settings) =>
        ClusterSettingsFile.At(FilePath).WriteStateAsync(
            ClusterStorage.SettingsState, _grain,
            new GrainState<StoredClusterSettings>(new StoredClusterSettings { Settings = settings }, version));
}
