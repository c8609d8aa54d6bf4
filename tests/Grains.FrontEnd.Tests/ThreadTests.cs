using Grains.FrontEnd.Tests.World;
using Grains.StateMachines.Keyspaces;

namespace Grains.FrontEnd.Tests;

/// <summary>A request may lead a flush: the thread that it is on serves no other (decision 27).</summary>
public sealed class ThreadTests
{
    [Fact]
    public async Task A_request_that_holds_its_thread_holds_up_no_other_connection()
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        using var begun = new SemaphoreSlim(0);
        using var disk = new ManualResetEventSlim();
        server.Partitions.Script = (_, command, _) =>
        {
            if (command is PutKey put && put.Key.ToString() == "slow")
            {
                begun.Release();
                disk.Wait(CancellationToken.None);
            }

            return null;
        };
        Task<Reply> slow = server.SendAsync("PUT", "/v1/keyspaces/ks/keys/slow", "x");
        await begun.WaitAsync();
        Reply[] others = await Task.WhenAll(
            Enumerable.Range(0, 16).Select(i => server.SendAsync("PUT", $"/v1/keyspaces/ks/keys/{i}", "x")));
        Assert.All(others, other => Assert.Equal(201, other.Status));
        Assert.False(slow.IsCompleted);
        disk.Set();
        Assert.Equal(201, (await slow).Status);
    }
}
