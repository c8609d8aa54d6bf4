using Grains.Journal.Folders;
using Grains.Server.Options;

namespace Grains.Server;

/// <summary>Files of secrets that more people than this process's user can read, or change.</summary>
internal static class SecretFiles
{
    private const UnixFileMode _open =
        UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute | UnixFileMode.GroupWrite;

    public static IEnumerable<string> Warnings(GrainsOptions options)
    {
        (Setting, string?)[] files =
        [
            (Setting.Keys, options.KeysFile),
            (Setting.PostgresFile, options.Cluster?.PostgresFile),
            (Setting.TlsKey, options.Cluster?.Tls?.Key),
            (Setting.RespKey, options.Resp?.Tls?.Key),
        ];
        return files.Where(f => f.Item2 is not null).Select(f => Warning(f.Item1, f.Item2!)).OfType<string>();
    }

    /// <returns>Null: it is closed, or the system has no such modes.</returns>
    public static string? Warning(Setting setting, string path)
    {
        // Where a link leads to, as a mounted secret is one.
        string target = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
        UnixFileMode open = (FileTrait.Of(target)?.Mode ?? default) & _open;
        return open == default ? null
            : $"{setting.Switch} {path} can be {((open & UnixFileMode.OtherRead) != 0 ? "read" : "changed")} by other "
                + "users of this machine. "
            + $"Close it: chmod {((open & UnixFileMode.GroupWrite) != 0 ? "g-w," : "")}o-rwx {path}";
    }
}
