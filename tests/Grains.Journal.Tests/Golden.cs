using System.Runtime.CompilerServices;
using System.Text;

namespace Grains.Journal.Tests;

/// <summary>
/// Bytes that older versions have on disk. A difference means that data of users can no longer be read: raise the
/// format and keep reading the old one. Rewritten only with GRAINS_UPDATE_GOLDEN=1.
/// </summary>
public static class Golden
{
    public static void Check(string name, byte[] bytes, [CallerFilePath] string caller = "")
    {
        string path = Path.Combine(Folder(), name);
        string hex = Lines(bytes);
        if (Environment.GetEnvironmentVariable("GRAINS_UPDATE_GOLDEN") == "1")
        {
            Directory.CreateDirectory(Folder());
            File.WriteAllText(path, hex);
        }

        Assert.True(
            File.Exists(path),
            $"{path} is missing; {Path.GetFileName(caller)} needs it. Set GRAINS_UPDATE_GOLDEN=1 once.");
        Assert.Equal(File.ReadAllText(path), hex);
    }

    private static string Folder([CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, "golden");

    private static string Lines(byte[] bytes)
    {
        StringBuilder text = new();
        foreach (byte[] line in bytes.Chunk(16))
        {
            text.Append(Convert.ToHexStringLower(line)).Append('\n');
        }

        return text.ToString();
    }
}
