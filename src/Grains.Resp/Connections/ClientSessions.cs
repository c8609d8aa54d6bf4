using Grains.Resp.Commands;
using Grains.Resp.Replies;
using Grains.Resp.Sessions;
using Grains.Resp.Sockets;
using Grains.Silo.Budgets;

namespace Grains.Resp.Connections;

/// <summary>What a connection is from its first byte to its last, whoever accepted it.</summary>
internal sealed class ClientSessions(
    CommandRunner commands, RespAccess access, OpenSessions open, ServerMemory memory)
{
    public async Task RunAsync(ClientSocket socket)
    {
        var replies = new ReplyPipeline(socket);
        var session = new Session(open.NextId(), socket.From, socket.To, new InFlight(replies))
        {
            Caller = access.Greet(socket.From),
        };
        open.Add(session);
        try
        {
            await new RespConnection(socket, commands, memory.Bodies).RunAsync(session, replies);
        }
        finally
        {
            open.Remove(session);
        }
    }
}
