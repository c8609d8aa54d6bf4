namespace Grains.Journal.Folders;

/// <summary>What is kept in a folder.</summary>
/// <param name="Data">Files that are there, and hold something, as soon as anything was answered.</param>
/// <param name="Folders">Folders that are there like the data; what is in them, their owner checks.</param>
public sealed record FolderFiles(string[] Data, params string[] Folders)
{
    public IEnumerable<string> All => [.. Data, .. Folders];
}

/// <summary>A file was taken away from under this process. What it answers from now on would be lost.</summary>
public sealed class FolderLostException(string message) : Exception(message);
