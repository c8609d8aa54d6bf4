using Grains.Faults.Tests.World;

namespace Grains.Faults.Tests;

/// <summary>A run that loses a server without a fault that explains it has failed, whatever its clients saw.</summary>
public class LostServerTests
{
    [Fact]
    public async Task A_server_that_ends_unasked_fails_whatever_is_done_to_it_next()
    {
        using var folder = new TempFolder();
        var server = new ServerProcess(ServerSettings.Embedded(folder.File("data"), folder.File("server.log")));
        await server.StartAsync();
        server.MustNotHaveEnded();
        Native.Terminate(server.ProcessId);
        while (server.IsRunning)
        {
            await Task.Delay(20);
        }

        Assert.Throws<LostServerException>(server.MustLive);
        Assert.Throws<LostServerException>(server.Kill);
        await Assert.ThrowsAsync<LostServerException>(server.StopAsync);
        await Assert.ThrowsAsync<LostServerException>(server.StartAsync);
        await Assert.ThrowsAsync<LostServerException>(async () => await server.DisposeAsync());
    }
}
