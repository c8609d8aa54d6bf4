using Grains.Faults.Tests.Workload;
using Grains.Faults.Tests.World;

namespace Grains.Faults.Tests;

/// <summary>A frozen process is what the tests that use it believe.</summary>
public class FreezeTests
{
    private static readonly TimeSpan _longEnoughToAnswer = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _soon = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_frozen_server_is_heard_by_nobody_and_goes_on_with_what_it_was_asked_meanwhile()
    {
        using var folder = new TempFolder();
        await using var server = new ServerProcess(
            ServerSettings.Embedded(folder.File("data"), folder.File("server.log")));
        await server.StartAsync();
        using var callers = new Callers([server.Url], _soon);
        var names = new Names();
        await names.DeclareAsync(callers.Next());

        server.Freeze();
        Task<Reply> asked = callers.Next().PutTextAsync(Names.KeyPath(names.Spread, "a"), "1", ifVersion: 0);
        await Task.Delay(_longEnoughToAnswer);
        Assert.False(asked.IsCompleted, "A frozen server answered, or refused a connection.");
        Assert.True(server.IsRunning);

        server.Thaw();
        Assert.True((await asked).Is(201), $"After it was thawed: {await asked}");
    }
}
