namespace Grains.Journal.Folders;

/// <summary>What is kept in a folder.</summary>
/// <param name="Data">Files that are there, and hold something, as soon as anything was answered.</param>
/// <param name="Logs">Files that are there too, unless everything was moved out of them and the folder was
/// closed.</param>
/// <param name="Folders">Folders that are there like the data; what is in them, their owner checks.</param>
public sealed record FolderFiles(string[] Data, string[] Logs, params string[] Folders)
{
    public IEnumerable<string> Files => [.. Data, .. Logs];

    public IEnumerable<string> All => [.. Files, .. Folders];
}

/// <summary>A file was taken away from under this process. What it answers from now on would be lost.</summary>
public sealed class FolderLostException(string message) : Exception(message);
