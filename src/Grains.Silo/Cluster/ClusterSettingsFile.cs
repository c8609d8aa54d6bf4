using System.Globalization;
using System.Text;
using System.Text.Json;
using Grains.Journal.Folders;
using Orleans.Storage;

namespace Grains.Silo.Cluster;

/// <summary>
/// The settings of a cluster that is one server, in a file: a title, the settings as JSON, a line with the CRC of both.
/// Their version is the row's.
/// </summary>
public sealed class ClusterSettingsFile : IGrainStorage
{
    private const string _title = "Grains cluster settings, format 1. They belong to the files beside them: do not "
        + "edit, copy or remove them alone.\n";
    private readonly Lock _gate = new();
    private readonly string _path;
    private readonly Action<byte[]> _replace;

    private ClusterSettingsFile(string path, Action<byte[]> replace) => (_path, _replace) = (path, replace);

    /// <summary>In a folder that no server has open.</summary>
    public static ClusterSettingsFile At(string path) => new(path, bytes => WholeFile.Replace(path, bytes));

    /// <summary>In a folder that is watched.</summary>
    public static ClusterSettingsFile In(DataFolder folder, string name) =>
        new(folder[name], bytes => folder.Replace(name, bytes));

    /// <summary>What is stored now; null = nothing yet.</summary>
    /// <exception cref="ClusterSettingsException">It cannot be read.</exception>
    public ClusterSettings? Read()
    {
        try
        {
            return File.Exists(_path) ? Decode(File.ReadAllBytes(_path)) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw Unreadable(e.Message);
        }
    }

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        Show(Read(), Typed(grainState));
        return Task.CompletedTask;
    }

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        IGrainState<StoredClusterSettings> state = Typed(grainState);
        ClusterSettings written = state.State?.Settings
            ?? throw new InvalidOperationException("There are no settings to store.");
        lock (_gate)
        {
            string? stored = VersionOf(Read());
            if (stored != state.ETag)
            {
                throw new InconsistentStateException(
                    $"{_path} holds version {stored ?? "none"} of the settings.", stored, state.ETag);
            }

            _replace(SealedText.Seal(
                _title + Encoding.UTF8.GetString(new JsonStorageSerializer().Serialize(state.State))));
        }

        Show(written, state);
        return Task.CompletedTask;
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        throw new NotSupportedException("A cluster's settings are never cleared.");

    private static void Show(ClusterSettings? settings, IGrainState<StoredClusterSettings> state)
    {
        state.State = new StoredClusterSettings { Settings = settings };
        state.RecordExists = settings is not null;
        state.ETag = VersionOf(settings);
    }

    private static string? VersionOf(ClusterSettings? settings) =>
        settings?.Version.ToString(CultureInfo.InvariantCulture);

    private static IGrainState<StoredClusterSettings> Typed<T>(IGrainState<T> state) =>
        state as IGrainState<StoredClusterSettings>
            ?? throw new InvalidOperationException($"Only the settings of a cluster are kept here, not {typeof(T)}.");

    private ClusterSettings? Decode(byte[] bytes)
    {
        string text = SealedText.Open(bytes) ?? throw Unreadable("its checksum is wrong.");
        return text.StartsWith(_title, StringComparison.Ordinal)
            ? ClusterStorage.Decode(Encoding.UTF8.GetBytes(text[_title.Length..]))
            : throw Unreadable("it is of another format.");
    }

    private ClusterSettingsException Unreadable(string why) => new(
        $"The settings in {_path} cannot be read: {why} Put the right file back, or restore the whole folder from a "
        + "backup.");
}
