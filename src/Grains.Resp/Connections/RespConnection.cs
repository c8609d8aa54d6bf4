using System.Buffers;
using System.Net.Sockets;
using Grains.Resp.Commands;
using Grains.Resp.Protocol;
using Grains.Resp.Replies;
using Grains.Resp.Sessions;
using Grains.Resp.Sockets;
using Grains.Silo.Budgets;

namespace Grains.Resp.Connections;

/// <summary>
/// One connection: what is read is begun at once, command after command, and answered in their order. Without anything
/// to read it holds no buffer. It reads no more while too much is under way, or not taken by the client.
/// </summary>
internal sealed class RespConnection(ClientSocket socket, CommandRunner commands, ByteShare bodies)
{
    private const int _firstBytes = 16 << 10;

    private readonly Arguments _words = new();
    private byte[] _buffer = [];
    private int _start;
    private int _end;
    private long _taken;

    /// <summary>Until the client goes, or asks for the end, or says something that cannot be understood.</summary>
    public async Task RunAsync(Session session, ReplyPipeline replies)
    {
        Task sending = replies.RunAsync();
        Task<string?> reading = ReadAsync(session, replies);
        if (await Task.WhenAny(sending, reading) == sending)
        {
            // Nobody hears the rest.
            socket.End();
        }

        if (await reading is { } error)
        {
            replies.Add(new LastReply(to => to.Error("ERR " + error)));
        }

        replies.Complete();
        await sending;
    }

    /// <returns>What is wrong with what came; null = the client has closed.</returns>
    private async Task<string?> ReadAsync(Session session, ReplyPipeline replies)
    {
        try
        {
            while (true)
            {
                string? error;
                while (RequestParser.TryRead(_buffer, ref _start, _end, _words, out error))
                {
                    if (_words.Count > 0)
                    {
                        session.HasMore = _start < _end;
                        await commands.RunAsync(session, _words, replies);
                    }

                    if (replies.IsFull)
                    {
                        await replies.WaitForRoomAsync();
                    }
                }

                replies.Send();
                if (error is not null)
                {
                    return error;
                }

                if (_start == _end)
                {
                    Release(all: false);
                    await socket.WaitToReadAsync().ConfigureAwait(false);
                }

                if (!MakeRoom())
                {
                    return "this server has no memory for so long a command now; try again later";
                }

                int count = await socket.ReceiveAsync(_buffer.AsMemory(_end));
                _end += count;
                if (count == 0)
                {
                    return null;
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return null;
        }
        finally
        {
            Release(all: true);
        }
    }

    /// <summary>False: this server has no memory for so long a command now.</summary>
    private bool MakeRoom()
    {
        if (_end < _buffer.Length)
        {
            return true;
        }

        int length = _end - _start;
        int wanted = Math.Max(_firstBytes, length * 2);
        if (wanted > _firstBytes && !bodies.TryTake(wanted - _taken))
        {
            return false;
        }

        _taken = wanted > _firstBytes ? wanted : _taken;
        byte[] larger = length > 0 && length <= _buffer.Length / 2 ? _buffer : ArrayPool<byte>.Shared.Rent(wanted);
        _buffer.AsSpan(_start, length).CopyTo(larger);
        if (larger != _buffer && _buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
        }

        (_buffer, _start, _end) = (larger, 0, length);
        return true;
    }

    /// <param name="all">Also what the commands that are being read point into: there are none.</param>
    private void Release(bool all)
    {
        if (_taken > 0)
        {
            bodies.Return(_taken);
            _taken = 0;
        }

        if (_buffer.Length > 0 && (all || !socket.MayHaveMore))
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
        }

        (_start, _end) = (0, 0);
    }
}
