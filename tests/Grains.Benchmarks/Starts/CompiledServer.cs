using Grains.Benchmarks.World;

namespace Grains.Benchmarks.Starts;

/// <summary>A copy of the server, compiled ahead as its image is (infra/precompile).</summary>
internal static class CompiledServer
{
    private static readonly TimeSpan _deadline = TimeSpan.FromMinutes(10);

    /// <returns>Null: it cannot be made here, which was said.</returns>
    public static async Task<string?> MakeAsync(DataFolder data)
    {
        string folder = data.New();
        DataFolder.Copy(Path.GetDirectoryName(Programs.Server)!, folder);
        using ChildProcess compiler = ChildProcess.Of("bash", [Programs.Precompile, folder]);
        await compiler.WaitForExitAsync(_deadline);
        string dll = Path.Combine(folder, Path.GetFileName(Programs.Server));
        if (compiler.HasExited && compiler.ExitCode == 0 && IsLarger(dll, Programs.Server))
        {
            return dll;
        }

        Console.WriteLine($"  left out, the server compiled ahead: {string.Join(' ', compiler.Lines.TakeLast(3))}");
        return null;
    }

    /// <summary>Machine code beside the other.</summary>
    private static bool IsLarger(string dll, string plain) => new FileInfo(dll).Length > new FileInfo(plain).Length;
}
