using System.Diagnostics;
using System.Runtime.Versioning;
using Grains.Operations.Access;
using Grains.Server.Tests.Backups;

namespace Grains.Server.Tests.Hosting;

/// <summary>
/// The script that makes what a cluster keeps secret: nobody else may read it, whatever was there before.
/// </summary>
[UnsupportedOSPlatform("windows")]
public sealed class MakeSecretsTests : IDisposable
{
    private const UnixFileMode _own = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode _readable = _own | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(60);

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false, false, _own)]
    [InlineData(true, false, _own)]
    [InlineData(true, true, _readable)]
    public async Task The_folder_and_its_files_are_closed(bool isThere, bool mounted, UnixFileMode expected)
    {
        string folder = _folder["secrets"];
        if (isThere)
        {
            Directory.CreateDirectory(folder);
            File.SetUnixFileMode(folder, (UnixFileMode)0x1ff);
            await File.WriteAllTextAsync(Path.Combine(folder, "connection"), "Host=there");
            File.SetUnixFileMode(Path.Combine(folder, "connection"), (UnixFileMode)0x1b6);
        }

        Assert.Equal(0, await RunAsync(mounted ? ["--mounted", folder] : [folder]));
        Assert.Equal(0, await RunAsync(mounted ? ["--renew", "--mounted", folder] : ["--renew", folder]));
        Assert.Equal(_own | UnixFileMode.UserExecute, File.GetUnixFileMode(folder));
        foreach (string name in (string[])["connection", "postgres-password", "keys", "ca.pem", "cert.pem", "key.pem"])
        {
            Assert.Equal(expected, File.GetUnixFileMode(Path.Combine(folder, name)));
        }

        Assert.Equal(_own, File.GetUnixFileMode(Path.Combine(folder, "ca.key")));
        Assert.Equal(_own, File.GetUnixFileMode(Path.Combine(folder, "api-key")));
        Assert.Equal(isThere, await File.ReadAllTextAsync(Path.Combine(folder, "connection")) == "Host=there");
        Assert.Empty(KeysFile.Read(Path.Combine(folder, "keys")).Errors);
    }

    [Fact]
    public async Task A_link_to_somewhere_else_is_refused()
    {
        Directory.CreateDirectory(_folder["secrets"]);
        await File.WriteAllTextAsync(_folder["elsewhere"], "theirs");
        File.CreateSymbolicLink(Path.Combine(_folder["secrets"], "keys"), _folder["elsewhere"]);
        Assert.Equal(1, await RunAsync(_folder["secrets"]));
        Assert.Equal("theirs", await File.ReadAllTextAsync(_folder["elsewhere"]));
    }

    private static async Task<int> RunAsync(params string[] words)
    {
        using Process script = Process.Start("bash", [Path.Combine(Root(), "infra", "make-secrets"), .. words]);
        using var deadline = new CancellationTokenSource(_deadline);
        await script.WaitForExitAsync(deadline.Token);
        return script.ExitCode;
    }

    private static string Root()
    {
        string folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Grains.sln")))
        {
            folder = Path.GetDirectoryName(folder)
                ?? throw new InvalidOperationException("The tests run outside of their repository.");
        }

        return folder;
    }
}
