namespace Grains.Journal.Folders;

/// <summary>What is kept in a folder.</summary>
/// <param name="Data">Files that are there, and hold something, as soon as anything was answered.</param>
/// <param name="Logs">Files that are there too, unless everything was moved out of them and the folder was closed.</param>
public sealed record FolderFiles(string[] Data, string[] Logs)
{
    public IEnumerable<string> All => [.. Data, .. Logs];
}

/// <summary>A file was taken away from under this process. What it answers from now on would be lost.</summary>
public sealed class FolderLostException(string message) : Exception(message);
