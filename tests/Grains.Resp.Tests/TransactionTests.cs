using Grains.Resp.Tests.World;

namespace Grains.Resp.Tests;

public class TransactionTests
{
    [Theory]
    [InlineData("MULTI => +OK | SET {t}a 1 => +QUEUED | INCR {t}a => +QUEUED | MGET {t}a {t}b => +QUEUED | PING => "
        + "+QUEUED | EXEC => *4,+OK,:2,*2,$1,2,$-1,+PONG")]
    [InlineData("SET k abc => +OK | MULTI => +OK | INCR k => +QUEUED | APPEND k d => +QUEUED | SET k v FOO => +QUEUED "
        + "| EXEC => *3,-ERR value is not an integer or out of range,:4,-ERR syntax error")]
    [InlineData("MULTI => +OK | SET k => -ERR wrong number of arguments for 'set' command | SET k v => +QUEUED | EXEC "
        + "=> -EXECABORT Transaction discarded because of previous errors. | GET k => $-1")]
    [InlineData("MULTI => +OK | NOSUCH => -ERR unknown command 'NOSUCH', with args beginning with:  | EXEC => "
        + "-EXECABORT Transaction discarded because of previous errors.")]
    [InlineData("MULTI => +OK | KEYS * => -ERR Command 'keys' not allowed inside a transaction | DISCARD => +OK | "
        + "EXEC => -ERR EXEC without MULTI | DISCARD => -ERR DISCARD without MULTI")]
    [InlineData("MULTI => +OK | MULTI => -ERR MULTI calls can not be nested | WATCH k => -ERR WATCH inside MULTI is "
        + "not allowed | EXEC => *0")]
    [InlineData("MULTI => +OK | SET k1 1 => +QUEUED | SET k2 2 => +QUEUED | EXEC => -CROSSSLOT Keys in request don't "
        + "hash to the same slot | EXISTS k1 k2 => :0")]
    [InlineData("MULTI => +OK | SET {t}a 1 => +QUEUED | RENAME {t}a {t}b => +QUEUED | GET {t}b => +QUEUED | EXEC => "
        + "*3,+OK,+OK,$1,1")]
    [InlineData("WATCH k => +OK | SET k 1 => +OK | MULTI => +OK | SET k 2 => +QUEUED | EXEC => *-1 | GET k => $1,1 | "
        + "MULTI => +OK | SET k 3 => +QUEUED | EXEC => *1,+OK")]
    [InlineData("WATCH k => +OK | UNWATCH => +OK | SET k 1 => +OK | MULTI => +OK | SET k 2 => +QUEUED | EXEC => "
        + "*1,+OK | GET k => $1,2")]
    [InlineData("WATCH k => +OK | SET k 1 => +OK | WATCH k => +OK | MULTI => +OK | GET k => +QUEUED | EXEC => *-1")]
    [InlineData("WATCH k1 => +OK | MULTI => +OK | SET k2 1 => +QUEUED | EXEC => -CROSSSLOT Keys in request don't hash "
        + "to the same slot")]
    [InlineData("SET k 1 => +OK | WATCH k => +OK | MULTI => +OK | INCR k => +QUEUED | EXEC => *1,:2 | MULTI => +OK | "
        + "RESET => +RESET | EXEC => -ERR EXEC without MULTI")]
    public Task A_transaction(string transcript) => Transcript.RunAsync(transcript);

    [Fact]
    public async Task What_another_connection_writes_ends_a_watch()
    {
        await using RespServer server = await RespServer.StartAsync();
        using RespClient one = await server.ConnectAsync();
        using RespClient other = await server.ConnectAsync();
        await one.ExpectAsync("WATCH k", "+OK\r\n");
        await other.ExpectAsync("SET k 1", "+OK\r\n");
        await Transcript.RunAsync(one, "MULTI => +OK | SET k 2 => +QUEUED | EXEC => *-1 | GET k => $1,1");
    }

    [Fact]
    public async Task A_transaction_is_bounded()
    {
        await using RespServer server = await RespServer.StartAsync();
        using RespClient client = await server.ConnectAsync();
        await client.ExpectAsync("MULTI", "+OK\r\n");
        string value = new('x', 1_000_000);
        for (int i = 0; i < 4; i++)
        {
            await client.ExpectAsync($"SET k {value}", "+QUEUED\r\n");
        }

        await client.ExpectAsync($"SET k {value}", "-ERR the transaction is over its limit of commands or bytes\r\n");
        await client.ExpectAsync("EXEC", "-EXECABORT Transaction discarded because of previous errors.\r\n");
    }
}
