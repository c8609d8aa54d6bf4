using System.Net;
using System.Text;
using Grains.Server.Tests.Backups;

namespace Grains.Server.Tests.Folders;

/// <summary>A process that ends on its way through the first start leaves a folder that the next one takes.</summary>
public sealed class FirstStartTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("LOCK")]
    [InlineData("IDENTITY.new")]
    [InlineData("IDENTITY")]
    [InlineData("RESERVE")]
    [InlineData("journal")]
    [InlineData("CLUSTER")]
    [InlineData("CLUSTER.new")]
    public async Task A_first_start_that_is_killed_when_a_file_appears_is_followed_by_one_that_goes_well(string name)
    {
        using (FileSystemWatcher watcher = new(Directory.CreateDirectory(_folder["a"]).FullName))
        {
            TaskCompletionSource seen = new(TaskCreationOptions.RunContinuationsAsynchronously);
            watcher.Created += (_, e) =>
            {
                if (e.Name == name)
                {
                    seen.TrySetResult();
                }
            };
            watcher.Renamed += (_, e) =>
            {
                if (e.Name == name)
                {
                    seen.TrySetResult();
                }
            };
            watcher.EnableRaisingEvents = true;
            await using ServerProgram first = ServerProgram.Start(
                null, "--data", _folder["a"], "--partitions", "4", "--urls", $"http://127.0.0.1:{FreePort.Find()}");
            await seen.Task.WaitAsync(TimeSpan.FromSeconds(60));
        }

        await using ServerProgram server = await ServerProgram.ServeAsync(
            null, "--data", _folder["a"], "--partitions", "4");
        using HttpResponseMessage answer = await server.Http.PutAsync(
            new Uri("v1/keyspaces/k", UriKind.Relative), new StringContent("""{"layout":"spread"}""", Encoding.UTF8, "application/json"));
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
    }

    [Fact]
    public async Task A_second_server_is_refused_although_the_lock_file_was_removed_and_made_anew()
    {
        await using ServerProgram server = await ServerProgram.ServeAsync(
            null, "--data", _folder["a"], "--partitions", "4");
        File.Delete(Path.Combine(_folder["a"], "LOCK"));
        (int exit, string said) = await ServerProgram.RunAsync(
            null, "--data", _folder["a"], "--urls", $"http://127.0.0.1:{FreePort.Find()}");
        Assert.True(exit == 1 && said.Contains("in use by another process", StringComparison.Ordinal), said);
    }
}
