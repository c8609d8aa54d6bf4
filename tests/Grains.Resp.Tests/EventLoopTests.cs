using System.Net;
using System.Net.Sockets;
using Grains.Resp.Sockets;
using static Grains.Resp.Tests.World.Eventually;

namespace Grains.Resp.Tests;

/// <summary>The thread of all connections: what goes on there, and who goes on when it hangs.</summary>
public sealed class EventLoopTests
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task What_is_awaited_goes_on_on_the_thread_of_all_connections()
    {
        using var loop = new EventLoop(lead: null);
        (int before, int after) = await On(loop, async () =>
        {
            int before = Environment.CurrentManagedThreadId;
            await Task.Run(() => { });
            return (before, Environment.CurrentManagedThreadId);
        });
        Assert.Equal(before, after);
    }

    [Fact]
    public async Task What_was_begun_there_is_ended_though_the_loop_is_over()
    {
        var loop = new EventLoop(lead: null);
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<int> begun = On(loop, async () =>
        {
            await go.Task;
            return 7;
        });
        await On(loop, () => Task.FromResult(0));
        loop.Dispose();
        go.SetResult();
        Assert.Equal(7, await begun);
    }

    [Fact]
    public async Task A_socket_is_closed_though_the_loop_is_over()
    {
        var loop = new EventLoop(lead: null);
        (Socket client, Socket accepted) = await ConnectedAsync();
        using Socket _ = client;
        var socket = new LoopSocket(loop, accepted);
        Task<int> reading = await WaitsToReadAsync(loop, socket);
        loop.Dispose();
        socket.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => reading);
        Assert.Equal(0, await client.ReceiveAsync(new byte[1]).WaitAsync(_deadline));
    }

    [Fact]
    public async Task It_leads_after_what_was_posted_and_again_while_there_is_more()
    {
        int posted = 0;
        int left = 0;
        int led = 0;
        using var loop = new EventLoop(() =>
        {
            if (Volatile.Read(ref posted) == 0 || left == 0)
            {
                return false;
            }

            Interlocked.Increment(ref led);
            return --left > 0;
        });
        await On(loop, () =>
        {
            left = 3;
            posted = 1;
            return Task.FromResult(0);
        });
        await UntilAsync(() => Volatile.Read(ref led) == 3);
    }

    [Fact]
    public async Task A_flush_that_hangs_takes_no_connection_along()
    {
        int hung = 0;
        int told = 0;
        bool hangs = false;
        using var go = new ManualResetEventSlim();
        using var loop = new EventLoop(() =>
        {
            if (Volatile.Read(ref hangs)
                && Interlocked.CompareExchange(ref hung, Environment.CurrentManagedThreadId, 0) == 0)
            {
                go.Wait();
            }

            return false;
        }, () => Interlocked.Increment(ref told));
        (Socket client, Socket accepted) = await ConnectedAsync();
        using Socket _ = client;
        loop.Post(_ => Echo(new LoopSocket(loop, accepted)), null);
        await AssertEchoAsync(client);
        Volatile.Write(ref hangs, true);
        for (int i = 0; i < 10; i++)
        {
            await AssertEchoAsync(client);
        }

        Assert.NotEqual(0, hung);
        Assert.NotEqual(hung, await On(loop, () => Task.FromResult(Environment.CurrentManagedThreadId)));

        await UntilAsync(() => Volatile.Read(ref told) == 1);

        // The thread that comes back leaves the connections to the other.
        go.Set();
        for (int i = 0; i < 100; i++)
        {
            Assert.NotEqual(hung, await On(loop, () => Task.FromResult(Environment.CurrentManagedThreadId)));
            await AssertEchoAsync(client);
        }
    }

    [Fact]
    public async Task A_socket_that_is_closed_from_another_thread_ends_who_waits_for_it()
    {
        using var loop = new EventLoop(lead: null);
        (Socket client, Socket accepted) = await ConnectedAsync();
        using Socket _ = client;
        var socket = new LoopSocket(loop, accepted);
        Task<int> reading = await WaitsToReadAsync(loop, socket);
        socket.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => reading.WaitAsync(_deadline));
    }

    [Fact]
    public async Task An_end_that_came_with_the_last_bytes_is_seen_behind_them()
    {
        using var loop = new EventLoop(lead: null);
        (Socket client, Socket accepted) = await ConnectedAsync();
        await client.SendAsync(new byte[5]);
        client.Dispose();
        await UntilAsync(() => accepted.Available == 5);
        using var socket = new LoopSocket(loop, accepted);
        List<int> counts = await On(loop, async () =>
        {
            List<int> counts = [];
            socket.Begin();
            do
            {
                await socket.WaitToReadAsync();
                counts.Add(await socket.ReceiveAsync(new byte[10]));
            }
            while (counts[^1] > 0);
            return counts;
        });
        Assert.Equal([5, 0], counts);
    }

    [Fact]
    public async Task More_than_fits_is_sent_when_there_is_room()
    {
        using var loop = new EventLoop(lead: null);
        (Socket client, Socket accepted) = await ConnectedAsync();
        using Socket _ = client;
        using var socket = new LoopSocket(loop, accepted);
        byte[] sent = new byte[32 << 20];
        Random.Shared.NextBytes(sent);
        Task<int> sending = On(loop, async () =>
        {
            socket.Begin();
            await socket.SendAsync(sent);
            return 0;
        });

        // While one waits for room, others are served.
        await On(loop, () => Task.FromResult(0)).WaitAsync(_deadline);
        Assert.False(sending.IsCompleted);
        byte[] received = new byte[sent.Length];
        for (int length = 0; length < received.Length;)
        {
            length += await client.ReceiveAsync(received.AsMemory(length)).AsTask().WaitAsync(_deadline);
        }

        await sending.WaitAsync(_deadline);
        Assert.True(sent.AsSpan().SequenceEqual(received));
    }

    private static async Task<Task<int>> WaitsToReadAsync(EventLoop loop, LoopSocket socket)
    {
        Task<int> reading = On(loop, async () =>
        {
            socket.Begin();
            await socket.WaitToReadAsync();
            return await socket.ReceiveAsync(new byte[10]);
        });
        await On(loop, () => Task.FromResult(0));
        return reading;
    }

    private static Task<T> On<T>(EventLoop loop, Func<Task<T>> what)
    {
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        loop.Post(
            async _ =>
            {
                try
                {
                    result.SetResult(await what());
                }
                catch (Exception e)
                {
                    result.SetException(e);
                }
            },
            null);
        return result.Task.WaitAsync(_deadline);
    }

    private static async void Echo(LoopSocket socket)
    {
        using (socket)
        {
            socket.Begin();
            byte[] buffer = new byte[100];
            while (true)
            {
                await socket.WaitToReadAsync();
                int count = await socket.ReceiveAsync(buffer);
                if (count == 0)
                {
                    return;
                }

                await socket.SendAsync(buffer.AsMemory(0, count));
            }
        }
    }

    private static async Task AssertEchoAsync(Socket client)
    {
        byte[] buffer = new byte[1];
        await client.SendAsync(new byte[] { 7 });
        Assert.Equal(1, await client.ReceiveAsync(buffer).WaitAsync(_deadline));
        Assert.Equal(7, buffer[0]);
    }

    private static async Task<(Socket Client, Socket Accepted)> ConnectedAsync()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(listener.LocalEndPoint!);
        return (client, await listener.AcceptAsync());
    }
}
