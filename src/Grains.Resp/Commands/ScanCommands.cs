using Grains.Operations.Access;
using Grains.Operations.Declarations;
using Grains.Operations.Errors;
using Grains.Operations.Keyspaces;
using Grains.Resp.Protocol;
using Grains.Resp.Replies;
using Grains.Resp.Sessions;
using Grains.StateMachines.Codecs;
using Grains.StateMachines.Ids;

namespace Grains.Resp.Commands;

/// <summary>What is about all keys of a database. Each partition is read for itself, one page after another.</summary>
internal sealed class ScanCommands(
    KeyActionOperations keys, KeyRunner runner, Databases databases, ScanCursors cursors, RespAudit audit)
{
    private const int _countDefault = 10;
    private const int _pageMax = 1_000;

    public IEnumerable<RespCommand> All =>
    [
        new("scan", -2) { Run = (s, words, caller) => WithKeyspaceAsync(s, caller, k => ScanAsync(words, caller, k)) },
        new("keys", 2)
        {
            Run = (s, words, caller) => WithKeyspaceAsync(s, caller, k => KeysAsync(words[1].ToArray(), caller, k))
        },
        new("dbsize", 1) { Run = (s, _, caller) => WithKeyspaceAsync(s, caller, k => CountAsync(caller, k)) },
        new("randomkey", 1) { Run = (s, _, caller) => WithKeyspaceAsync(s, caller, k => RandomAsync(caller, k)) },
        new("flushdb", -1)
        {
            Writes = true,
            Run = (s, words, caller) => FlushAsync(
                s, words, caller, $"FLUSHDB of {s.Keyspace}", () => databases.FlushAsync(s, caller)),
        },
        new("flushall", -1)
        {
            Writes = true,
            Run = (s, words, caller) => FlushAsync(
                s, words, caller, "FLUSHALL", () => databases.FlushAllAsync(caller)),
        },
    ];

    private async Task<Pending> WithKeyspaceAsync(
        Session session, Caller caller, Func<KeyspaceSnapshot, Task<Pending>> work) =>
        (await databases.FindAsync(session, caller)).TryGet(out KeyspaceSnapshot? keyspace, out OperationError? none)
            ? await work(keyspace)
            : Refuse(none);

    private async Task<Pending> ScanAsync(Arguments words, Caller caller, KeyspaceSnapshot keyspace)
    {
        if (cursors.Find(words[1], keyspace.Id) is not { } place)
        {
            return ReadyReply.Refuse("ERR invalid cursor");
        }

        byte[] pattern = "*"u8.ToArray();
        long count = _countDefault;
        bool isStrings = true;
        for (int i = 2; i < words.Count; i += 2)
        {
            if (i + 1 == words.Count)
            {
                return ReadyReply.Syntax;
            }

            if (words.Is(i, "match"))
            {
                pattern = words[i + 1].ToArray();
            }
            else if (words.Is(i, "type"))
            {
                isStrings = words.Is(i + 1, "string");
            }
            else if (!words.Is(i, "count"))
            {
                return ReadyReply.Syntax;
            }
            else if (!SignedNumber.TryParse(words[i + 1], out count))
            {
                return ReadyReply.Refuse(ErrorWords.NotAnInteger);
            }
            else if (count < 1)
            {
                return ReadyReply.Syntax;
            }
        }

        List<byte[]> found = [];
        KeyPlace? at = place;
        for (long left = Math.Min(count, _pageMax); left > 0 && at is { } from;)
        {
            if (!(await keys.ScanAsync(caller, keyspace, from, (int)left, CancellationToken.None))
                .TryGet(out KeyScan? page, out OperationError? error))
            {
                return Refuse(error);
            }

            // A partition without keys counts too, so that a step is bounded whatever there is.
            left -= Math.Max(1, page.Keys.Length);
            found.AddRange(page.Keys.Select(k => k.Key.Bytes).Where(k => isStrings && GlobPattern.Matches(pattern, k)));
            at = page.Next;
        }

        string next = at is { } more ? cursors.Keep(more, keyspace.Id) : ScanCursors.First;
        return new ReadyReply(to =>
        {
            to.Array(2);
            to.Bulk(next);
            Write(to, found);
        });
    }

    private async Task<Pending> KeysAsync(byte[] pattern, Caller caller, KeyspaceSnapshot keyspace)
    {
        List<byte[]> found = [];
        KeyPlace? at = default(KeyPlace);
        while (at is { } from)
        {
            if (!(await keys.ScanAsync(caller, keyspace, from, _pageMax, CancellationToken.None))
                .TryGet(out KeyScan? page, out OperationError? error))
            {
                return Refuse(error);
            }

            found.AddRange(page.Keys.Select(k => k.Key.Bytes).Where(k => GlobPattern.Matches(pattern, k)));
            if (found.Count > RespLimits.KeysMax)
            {
                return ReadyReply.Refuse($"ERR more than {RespLimits.KeysMax} keys match; use SCAN");
            }

            at = page.Next;
        }

        return new ReadyReply(to => Write(to, found));
    }

    private async Task<Pending> CountAsync(Caller caller, KeyspaceSnapshot keyspace) =>
        (await keys.CountAsync(caller, keyspace, CancellationToken.None))
            .TryGet(out long count, out OperationError? error)
            ? new ReadyReply(to => to.Integer(count))
            : Refuse(error);

    /// <summary>
    /// The first key after a place that is drawn: none is impossible, and they are not equally likely.
    /// </summary>
    private async Task<Pending> RandomAsync(Caller caller, KeyspaceSnapshot keyspace)
    {
        KeyPlace start = runner.DrawPlace(keyspace);
        KeyPlace? at = start;
        bool isSecondRound = false;
        while (at is { } from)
        {
            if (!(await keys.ScanAsync(caller, keyspace, from, _pageMax, CancellationToken.None))
                .TryGet(out KeyScan? page, out OperationError? error))
            {
                return Refuse(error);
            }

            if (page.Keys.Length > 0)
            {
                Utf8Name key = runner.Draw(page.Keys).Key;
                return new ReadyReply(to => to.Bulk(key.Span));
            }

            at = page.Next ?? (isSecondRound ? null : default(KeyPlace));
            isSecondRound |= page.Next is null;
        }

        return ReadyReply.Null;
    }

    private async Task<Pending> FlushAsync(
        Session session, Arguments words, Caller caller, string what, Func<Task<OperationError?>> flush)
    {
        if (words.Count > 2 || (words.Count == 2 && !words.Is(1, "sync") && !words.Is(1, "async")))
        {
            return ReadyReply.Syntax;
        }

        OperationError? refused = await flush();
        audit.Flushed(session, caller.Key, what, refused is null ? "OK" : ErrorWords.Of(refused));
        return refused is null ? ReadyReply.Ok : Refuse(refused);
    }

    private static void Write(RespWriter to, List<byte[]> found)
    {
        to.Array(found.Count);
        found.ForEach(k => to.Bulk(k));
    }

    private ReadyReply Refuse(OperationError error) => ReadyReply.Refuse(ErrorWords.Of(error, runner.IsReady));
}
