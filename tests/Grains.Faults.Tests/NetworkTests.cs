using System.Net;
using System.Net.Sockets;
using System.Text;
using Grains.Faults.Tests.World;

namespace Grains.Faults.Tests;

/// <summary>The network does what the tests that use it believe.</summary>
public class NetworkTests
{
    private const int _port = 7_000;
    private static readonly TimeSpan _soon = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _longEnoughToBeTold = TimeSpan.FromSeconds(1);

    [SkippableFact]
    public async Task A_cut_drops_both_ways_without_a_word_and_what_was_sent_arrives_when_it_is_healed()
    {
        SkipWhereImpossible();
        using var network = new Network();
        NetworkEnd one = network.AddEnd("one");
        NetworkEnd other = network.AddEnd("other");
        using Socket listener = Listen(other);
        (Socket here, Socket there) = await ConnectAsync(one, listener);
        using (here)
        using (there)
        {
            network.Cut(one, other);
            Task<string> arrivesThere = SendAsync(here, there, "from one");
            Task<string> arrivesHere = SendAsync(there, here, "from other");
            Task<(Socket, Socket)> connected = ConnectAsync(one, listener);
            await Task.Delay(_longEnoughToBeTold);
            Assert.False(
                arrivesThere.IsCompleted || arrivesHere.IsCompleted, "Something came through, or an end was told.");
            Assert.False(connected.IsCompleted, "A connection was made or refused.");

            network.Heal();
            Assert.Equal("from one", await arrivesThere.WaitAsync(_soon));
            Assert.Equal("from other", await arrivesHere.WaitAsync(_soon));
            (Socket again, Socket accepted) = await connected.WaitAsync(_soon);
            again.Dispose();
            accepted.Dispose();
        }
    }

    [SkippableFact]
    public async Task A_cut_between_two_ends_leaves_a_third_and_this_process_connected_to_both()
    {
        SkipWhereImpossible();
        using var network = new Network();
        NetworkEnd one = network.AddEnd("one");
        NetworkEnd other = network.AddEnd("other");
        NetworkEnd third = network.AddEnd("third");
        network.Cut(one, other);
        foreach (NetworkEnd end in new[] { one, other })
        {
            using Socket listener = Listen(end);
            (Socket fromThird, Socket accepted) = await ConnectAsync(third, listener).WaitAsync(_soon);
            Assert.Equal("hello", await SendAsync(fromThird, accepted, "hello").WaitAsync(_soon));
            fromThird.Dispose();
            accepted.Dispose();

            using var fromHere = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await fromHere.ConnectAsync(listener.LocalEndPoint!).WaitAsync(_soon);
        }
    }

    [SkippableFact]
    public void Nothing_is_left_of_a_network()
    {
        SkipWhereImpossible();
        string mine;
        using (var network = new Network())
        {
            mine = network.AddEnd("one").Namespace;
            Assert.Contains(mine, Network.Spaces());
        }

        Assert.DoesNotContain(mine, Network.Spaces());
    }

    [SkippableFact]
    public void What_a_killed_test_run_left_is_removed_by_the_next_and_nothing_of_one_that_runs()
    {
        SkipWhereImpossible();
        const int nobody = 0x7fff_fffe;
        string leftOver = $"grains-faults-{nobody}-1-one";
        Tool.MustRun("ip", "netns", "add", leftOver);
        using var network = new Network();
        string mine = network.AddEnd("one").Namespace;
        LeftOvers.RemoveNow();
        Assert.DoesNotContain(leftOver, Network.Spaces());
        Assert.Contains(mine, Network.Spaces());
    }

    private static Socket Listen(NetworkEnd end) => end.Run(() =>
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(end.Address, _port));
        listener.Listen();
        return listener;
    });

    private static async Task<(Socket Here, Socket There)> ConnectAsync(NetworkEnd from, Socket listener)
    {
        Socket here = from.Run(() => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        Task<Socket> accepted = listener.AcceptAsync();
        await here.ConnectAsync(listener.LocalEndPoint!);
        return (here, await accepted);
    }

    private static async Task<string> SendAsync(Socket from, Socket to, string text)
    {
        await from.SendAsync(Encoding.ASCII.GetBytes(text));
        byte[] buffer = new byte[100];
        return Encoding.ASCII.GetString(buffer, 0, await to.ReceiveAsync(buffer));
    }

    private static void SkipWhereImpossible()
    {
        string? why = Network.WhyNot();
        Skip.If(why is not null, why);
    }
}
