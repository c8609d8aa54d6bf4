namespace Grains.Resp.Tests.World;

/// <summary>
/// <c>COMMAND => reply | COMMAND => reply</c>: in a reply a comma stands for the end of a line. Errors and simple
/// strings are written as they are.
/// </summary>
internal static class Transcript
{
    public static async Task RunAsync(string transcript, int protocol = 2)
    {
        await using RespServer server = await RespServer.StartAsync();
        using RespClient client = await server.ConnectAsync();
        if (protocol == 3)
        {
            await client.SendAsync(RespClient.Command("HELLO 3"));
            await client.ReadAsync(Greeting(3, 1));
        }

        await RunAsync(client, transcript);
    }

    public static async Task RunAsync(RespClient client, string transcript)
    {
        foreach (string step in transcript.Split(" | "))
        {
            string[] parts = step.Split(" => ");
            string reply = parts[1];
            await client.ExpectAsync(
                parts[0],
                reply[0] is '-' or '+'
                    ? reply + "\r\n"
                    : reply.Replace(",", "\r\n", StringComparison.Ordinal) + "\r\n");
        }
    }

    public static string Greeting(int protocol, int id) =>
        (protocol == 3 ? "%7" : "*14")
            + "\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$5\r\n7.2.0\r\n$5\r\nproto\r\n"
        + $":{protocol}\r\n$2\r\nid\r\n:{id}\r\n$4\r\nmode\r\n$10\r\nstandalone\r\n$4\r\nrole\r\n$6\r\nmaster\r\n$7\r\nmodules\r\n*0\r\n";
}
