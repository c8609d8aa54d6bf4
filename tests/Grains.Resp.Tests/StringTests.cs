using Grains.Resp.Tests.World;

namespace Grains.Resp.Tests;

/// <summary>What each command answers, byte for byte, where both versions of the protocol say the same.</summary>
public class StringTests
{
    [Theory]
    [InlineData("GET k => $-1 | SET k v => +OK | GET k => $1,v | STRLEN k => :1 | STRLEN none => :0")]
    [InlineData("SET k v NX => +OK | SET k w NX => $-1 | GET k => $1,v | SET k w XX => +OK | SET none w XX => $-1 | "
        + "GET none => $-1")]
    [InlineData("SET k v GET => $-1 | SET k w GET => $1,v | SET k x NX GET => $1,w | GET k => $1,w")]
    [InlineData("SET k v EX 100 => +OK | TTL k => :100 | SET k w KEEPTTL => +OK | TTL k => :100 | SET k x => +OK | "
        + "TTL k => :-1")]
    [InlineData("SET k v PX 1500 => +OK | PTTL k => :1500 | SET k v EXAT 1767225700 => +OK | TTL k => :100")]
    [InlineData("SET k v PXAT 1767225600500 => +OK | PTTL k => :500 | SET k v EXAT 1 => +OK | EXISTS k => :0")]
    [InlineData("SET k v EX 0 => -ERR invalid expire time in 'set' command | SET k v EX a => -ERR value is not an "
        + "integer or out of range")]
    [InlineData("SET k v EX 9223372036854775807 => -ERR invalid expire time in 'set' command")]
    [InlineData("SET k v NX XX => -ERR syntax error | SET k v EX => -ERR syntax error | SET k v EX 1 PX 1 => -ERR "
        + "syntax error")]
    [InlineData("SET k v EX 1 KEEPTTL => -ERR syntax error | SET k => -ERR wrong number of arguments for 'set' "
        + "command")]
    [InlineData("SETNX k v => :1 | SETNX k w => :0 | GETSET k x => $1,v | GETSET n x => $-1 | GETDEL k => $1,x | "
        + "GETDEL k => $-1")]
    [InlineData("SETEX k 10 v => +OK | TTL k => :10 | PSETEX k 10 v => +OK | PTTL k => :10 | SETEX k 0 v => -ERR "
        + "invalid expire time in 'setex' command")]
    [InlineData("INCR n => :1 | INCRBY n 41 => :42 | DECR n => :41 | DECRBY n 40 => :1 | GET n => $1,1 | INCRBY n -3 "
        + "=> :-2")]
    [InlineData("SET n 9223372036854775807 => +OK | INCR n => -ERR increment or decrement would overflow | GET n => "
        + "$19,9223372036854775807")]
    [InlineData("SET n -9223372036854775808 => +OK | DECR n => -ERR increment or decrement would overflow | INCRBY n "
        + "1 => :-9223372036854775807")]
    [InlineData("SET n 01 => +OK | INCR n => -ERR value is not an integer or out of range | INCRBY n x => -ERR value "
        + "is not an integer or out of range")]
    [InlineData("DECRBY n -9223372036854775808 => -ERR decrement would overflow")]
    [InlineData("SET n 10.50 => +OK | INCRBYFLOAT n 0.1 => $4,10.6 | INCRBYFLOAT n -5 => $3,5.6 | SET n 5.0e3 => +OK "
        + "| INCRBYFLOAT n 2.0e2 => $4,5200")]
    [InlineData("INCRBYFLOAT n 0.1 => $3,0.1 | INCRBYFLOAT n 0.2 => $3,0.3 | INCRBYFLOAT n x => -ERR value is not a "
        + "valid float")]
    [InlineData("SET n abc => +OK | INCRBYFLOAT n 1 => -ERR value is not a valid float | SET n 1e308 => +OK | "
        + "INCRBYFLOAT n 1e308 => -ERR increment would produce NaN or Infinity")]
    [InlineData("APPEND k Hello => :5 | APPEND k World => :10 | GET k => $10,HelloWorld | GETRANGE k 0 4 => $5,Hello "
        + "| SUBSTR k -5 -1 => $5,World")]
    [InlineData("SET k abc => +OK | GETRANGE k 5 9 => $0, | GETRANGE k -1 -3 => $0, | GETRANGE k 0 99 => $3,abc | "
        + "GETRANGE k -99 1 => $2,ab | GETRANGE none 0 1 => $0,")]
    [InlineData("SET k HelloWorld => +OK | SETRANGE k 5 There => :10 | GET k => $10,HelloThere | SETRANGE k -1 x => "
        + "-ERR offset is out of range")]
    [InlineData("SET k v => +OK | SETRANGE k 9223372036854775807 x => -ERR string exceeds maximum allowed size "
        + "(proto-max-bulk-len) | SETRANGE k 2147483647 x => -ERR string exceeds maximum allowed size "
        + "(proto-max-bulk-len) | GETRANGE k 0 -100 => $0, | GETRANGE k "
        + "-9223372036854775808 9223372036854775807 => $1,v")]
    [InlineData("SETRANGE k 2 x => :3 | GET k => $3,\0\0x | SETRANGE k 2000000 x => -ERR string exceeds maximum "
        + "allowed size (proto-max-bulk-len)")]
    [InlineData("SET k v EX 100 => +OK | APPEND k w => :2 | TTL k => :100 | INCR n => :1 | EXPIRE n 50 => :1 | INCR n "
        + "=> :2 | TTL n => :50")]
    public Task A_string(string transcript) => Transcript.RunAsync(transcript);

    [Theory]
    [InlineData("EXPIRE k 10 => :0 | SET k v => +OK | EXPIRE k 10 => :1 | TTL k => :10 | PTTL k => :10000 | PERSIST k "
        + "=> :1 | PERSIST k => :0 | TTL k => :-1 | TTL none => :-2")]
    [InlineData("SET k v => +OK | EXPIRE k 10 XX => :0 | EXPIRE k 10 GT => :0 | EXPIRE k 10 LT => :1 | EXPIRE k 20 LT "
        + "=> :0 | EXPIRE k 20 GT => :1 | EXPIRE k 9 NX => :0 | TTL k => :20")]
    [InlineData("SET k v => +OK | EXPIRE k 10 NX => :1 | PEXPIRE k 500 XX => :1 | PTTL k => :500 | EXPIRE k -1 => :1 "
        + "| EXISTS k => :0")]
    [InlineData("SET k v => +OK | EXPIREAT k 1767225700 => :1 | EXPIRETIME k => :1767225700 | PEXPIRETIME k => "
        + ":1767225700000 | PEXPIREAT k 1767225600001 => :1 | PTTL k => :1")]
    [InlineData("SET k v => +OK | PEXPIREAT k 1 => :1 | GET k => $-1 | EXPIRETIME k => :-2 | SET k v => +OK | "
        + "EXPIRETIME k => :-1")]
    [InlineData("EXPIRE k x => -ERR value is not an integer or out of range | EXPIRE k 1 FOO => -ERR Unsupported "
        + "option FOO | EXPIRE k 9223372036854775807 => -ERR invalid expire time in 'expire' command")]
    [InlineData("EXPIRE k 1 NX XX => -ERR NX and XX, GT or LT options at the same time are not compatible | EXPIRE k "
        + "1 LT GT => -ERR GT and LT options at the same time are not compatible | EXPIRE k 1 XX AB => -ERR "
        + "Unsupported option AB")]
    [InlineData("SET k v => +OK | EXPIRE k 10 XX LT => :0 | EXPIRE k 10 GT XX => :0 | TTL k => :-1 | EXPIRE k 10 => :1 "
        + "| EXPIRE k 20 LT XX => :0 | EXPIRE k 5 XX LT => :1 | EXPIRE k 9 XX GT => :1 | TTL k => :9")]
    [InlineData("SET k v => +OK | GETEX k EX 10 => $1,v | TTL k => :10 | GETEX k => $1,v | TTL k => :10 | GETEX k "
        + "PERSIST => $1,v | TTL k => :-1 | GETEX none EX 1 => $-1 | GETEX k FOO => -ERR syntax error")]
    public Task An_end(string transcript) => Transcript.RunAsync(transcript);

    [Theory]
    [InlineData("MSET {t}a 1 {t}b 2 => +OK | MGET {t}a {t}b {t}c => *3,$1,1,$1,2,$-1 | EXISTS {t}a {t}a {t}c => :2 | "
        + "DEL {t}a {t}b {t}c => :2 | EXISTS {t}a => :0")]
    [InlineData("MSET a 1 b 2 c 3 d 4 e 5 => +OK | MGET a b c d e f => *6,$1,1,$1,2,$1,3,$1,4,$1,5,$-1 | UNLINK a b c "
        + "d e f => :5 | TOUCH a b => :0")]
    [InlineData("MSET a 1 b => -ERR wrong number of arguments for 'mset' command | MSETNX a 1 b => -ERR wrong number "
        + "of arguments for 'msetnx' command")]
    [InlineData("MSETNX {t}a 1 {t}b 2 => :1 | MSETNX {t}b 3 {t}c 4 => :0 | EXISTS {t}c => :0 | MSETNX one 1 => :1 | "
        + "MSETNX one 2 => :0 | GET one => $1,1")]
    [InlineData("MSETNX a 1 b 2 c 3 d 4 e 5 => -CROSSSLOT Keys in request don't hash to the same slot | EXISTS a b c "
        + "d e => :0")]
    [InlineData("TYPE k => +none | SET k v => +OK | TYPE k => +string")]
    [InlineData("SET {t}a 1 EX 100 => +OK | RENAME {t}a {t}b => +OK | EXISTS {t}a => :0 | TTL {t}b => :100 | RENAME "
        + "{t}a {t}b => -ERR no such key | RENAME {t}b {t}b => +OK")]
    [InlineData("SET {t}a 1 => +OK | SET {t}b 2 => +OK | RENAMENX {t}a {t}b => :0 | RENAMENX {t}a {t}c => :1 | GET "
        + "{t}c => $1,1")]
    [InlineData("SET {t}a 1 => +OK | COPY {t}a {t}b => :1 | COPY {t}a {t}b => :0 | SET {t}a 2 => +OK | COPY {t}a {t}b "
        + "REPLACE => :1 | GET {t}b => $1,2 | COPY {t}x {t}y => :0 | COPY {t}a {t}a => -ERR source and destination "
        + "objects are the same")]
    [InlineData("SET k1 v => +OK | RENAME k1 k2 => -CROSSSLOT Keys in request don't hash to the same slot | COPY k1 "
        + "k2 DB 1 => -ERR COPY to another database is not supported")]
    public Task Many_keys(string transcript) => Transcript.RunAsync(transcript);

    [Theory]
    [InlineData("NOSUCH a b => -ERR unknown command 'NOSUCH', with args beginning with: 'a' 'b' ")]
    [InlineData("GET => -ERR wrong number of arguments for 'get' command | GET a/../b => -ERR The key has a part '.' "
        + "or '..'.")]
    [InlineData("SWAPDB 0 1 => -ERR SWAPDB is not supported: a database is a keyspace with keys of its own | LPUSH k "
        + "v => -ERR unknown command 'LPUSH', with args beginning with: 'k' 'v' ")]
    [InlineData("PING => +PONG | PING hi => $2,hi | ECHO hi => $2,hi | SELECT 15 => +OK | SELECT 16 => -ERR DB index "
        + "is out of range | SELECT x => -ERR invalid DB index")]
    [InlineData("SET k v => +OK | SELECT 1 => +OK | GET k => $-1 | SET k w => +OK | SELECT 0 => +OK | GET k => $1,v | "
        + "FLUSHDB => +OK | GET k => $-1 | SELECT 1 => +OK | GET k => $1,w")]
    [InlineData("SET k v => +OK | SELECT 1 => +OK | SET k w => +OK | FLUSHALL ASYNC => +OK | GET k => $-1 | SELECT 0 "
        + "=> +OK | GET k => $-1 | FLUSHALL LATER => -ERR syntax error")]
    [InlineData("AUTH x => -ERR AUTH <password> called without any password configured for the default user. Are you "
        + "sure your configuration is correct? | RESET => +RESET")]
    [InlineData("TIME => *2,$10,1767225600,$1,0 | WAIT 0 100 => :0 | LATENCY LATEST => *0 | LATENCY RESET => :0 | "
        + "LATENCY DOCTOR => -ERR unknown subcommand 'DOCTOR'. Try LATENCY LATEST.")]
    [InlineData("CLIENT GETNAME => $-1 | CLIENT SETNAME me => +OK | CLIENT GETNAME => $2,me | CLIENT ID => :1 | "
        + "CLIENT SETINFO LIB-NAME x => +OK | CLIENT NO-EVICT on => +OK | CLIENT NO-TOUCH off => +OK")]
    [InlineData("CLIENT KILL x => -ERR unknown subcommand 'KILL'. Try CLIENT ID, GETNAME, SETNAME, SETINFO, INFO or "
        + "LIST. | CLIENT ID x => -ERR wrong number of arguments for 'client|id' command")]
    [InlineData("CONFIG GET databases => *2,$9,databases,$2,16 | CONFIG GET append* => "
        + "*4,$11,appendfsync,$6,always,$10,appendonly,$3,yes | CONFIG GET none => *0")]
    [InlineData("CLUSTER KEYSLOT somekey => :11058 | CLUSTER KEYSLOT foo{hash_tag} => :2515 | CLUSTER FOO => -ERR "
        + "unknown subcommand 'FOO'. Try CLUSTER KEYSLOT, MYID, INFO, NODES, SLOTS, SHARDS, COUNTKEYSINSLOT or "
        + "GETKEYSINSLOT.")]
    [InlineData("COMMAND INFO get => *1,*10,$3,get,:2,*1,+readonly,:1,:1,:1,*0,*0,*0,*0 | COMMAND INFO none => *1,*-1 "
        + "| COMMAND DOCS get => *0")]
    [InlineData("GRAINS.USE nothing => -ERR No keyspace of this name is declared. | GRAINS.USE db0 => -ERR No "
        + "keyspace of this name is declared. | SET k v => +OK | GRAINS.USE db0 => +OK | GET k => $1,v")]
    public Task A_server(string transcript) => Transcript.RunAsync(transcript);

    [Theory]
    [InlineData("GET k => _ | SET k v NX => +OK | SET k v NX => _ | MGET k n => *2,$1,v,_ | CONFIG GET databases => "
        + "%1,$9,databases,$2,16 | COMMAND DOCS => %0")]
    [InlineData("MULTI => +OK | GET k => +QUEUED | EXEC => *1,_ | WATCH k => +OK | SET k v => +OK | MULTI => +OK | "
        + "EXEC => _")]
    [InlineData("RANDOMKEY => _ | CLIENT GETNAME => _ | SCAN 0 => *2,$1,0,*0")]
    public Task In_version_3_a_reply_has_types(string transcript) => Transcript.RunAsync(transcript, protocol: 3);

    [Fact]
    public async Task A_key_ends_when_its_time_is_over_and_never_early()
    {
        await using RespServer server = await RespServer.StartAsync();
        using RespClient client = await server.ConnectAsync();
        await client.ExpectAsync("SET k v PX 1000", "+OK\r\n");
        server.Time.Advance(TimeSpan.FromMilliseconds(999));
        await client.ExpectAsync("GET k", "$1\r\nv\r\n");
        await client.ExpectAsync("PTTL k", ":1\r\n");
        server.Time.Advance(TimeSpan.FromMilliseconds(1));
        await client.ExpectAsync("GET k", "$-1\r\n");
    }

    [Fact]
    public async Task Info_says_what_clients_look_for()
    {
        await using RespServer server = await RespServer.StartAsync();
        using RespClient client = await server.ConnectAsync();
        await client.SendAsync("INFO replication\r\n");
        Assert.StartsWith("$", await client.LineAsync(), StringComparison.Ordinal);
        Assert.Equal("# Replication", await client.LineAsync());
        Assert.Equal("role:master", await client.LineAsync());
    }
}
