using Grains.Api;
using Grains.Api.Problems;
using Grains.Operations.Errors;
using Grains.Silo.Partitions;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;
using Grains.StateMachines.Slots;

namespace Grains.Operations.Declarations;

/// <summary>
/// The keyspace that holds declarations (<c>keyspaces/{name}</c>, <c>services/{name}</c>) and tombstones
/// (<see cref="Tombstone"/>). It is ordered: one partition, in which every step here is one record.
/// </summary>
public sealed class SystemKeyspace(IPartitions partitions)
{
    private const string _name = "$system";

    /// <summary>The declaration of a name; null = there is none. Linearizable, unless said otherwise.</summary>
    public async Task<KeyView?> GetAsync(
        Kind kind, string name, CancellationToken cancel, ReadConsistency consistency = default)
    {
        Answer answer = await ExecuteAsync(
            new GetKey { Keyspace = KeyspaceId.System, Key = KeyOf(kind, name), Consistency = consistency }, cancel);
        return answer switch
        {
            KeyFound found => found.Entry,
            Refused { Code: Refusal.NotFound } => null,
            _ => throw Refused(answer),
        };
    }

    public Task<List<KeyView>> ListAsync(Kind kind, CancellationToken cancel) => ListAsync(FolderOf(kind), cancel);

    public async Task<List<Tombstone>> ListTombstonesAsync(CancellationToken cancel) =>
        [.. (await ListAsync(Tombstone.Prefix, cancel)).Select(Tombstone.Read)];

    /// <summary>Writes a declaration over the version that was read. Null = it is another one by now.</summary>
    public async Task<Revision?> PutAsync(Kind kind, string name, byte[] document, KeyView? over)
    {
        Answer answer = await ExecuteAsync(
            new PutKey
            {
                Keyspace = KeyspaceId.System,
                Key = KeyOf(kind, name),
                Value = document,
                ContentType = "application/json",
                Condition = over is null ? Condition.IfAbsent : Condition.IfVersion(over.Version),
            },
            CancellationToken.None);
        return answer switch
        {
            KeyWritten written => written.Version,
            Refused { Code: Refusal.VersionMismatch } => null,
            _ => throw Refused(answer),
        };
    }

    public async Task AddTombstoneAsync(Tombstone tombstone)
    {
        Answer answer = await ExecuteAsync(
            new PutKey { Keyspace = KeyspaceId.System, Key = tombstone.Key, Value = tombstone.Value },
            CancellationToken.None);
        if (answer is not KeyWritten)
        {
            throw Refused(answer);
        }
    }

    /// <summary>
    /// Removes a declaration if it is still that of <paramref name="created"/>, whatever its version.
    /// </summary>
    public async Task RemoveAsync(Kind kind, string name, Revision created)
    {
        while (await GetAsync(kind, name, CancellationToken.None) is { } there && there.Created == created)
        {
            Answer answer = await ExecuteAsync(
                new DeleteKey
                {
                    Keyspace = KeyspaceId.System,
                    Key = KeyOf(kind, name),
                    Condition = Condition.IfVersion(there.Version),
                },
                CancellationToken.None);
            if (answer is KeyWritten or Refused { Code: Refusal.NotFound })
            {
                return;
            }

            if (answer is not Refused { Code: Refusal.VersionMismatch })
            {
                throw Refused(answer);
            }
        }
    }

    public async Task ForgetAsync(Tombstone tombstone)
    {
        Answer answer = await ExecuteAsync(
            new DeleteKey { Keyspace = KeyspaceId.System, Key = tombstone.Key }, CancellationToken.None);
        if (answer is not (KeyWritten or Refused { Code: Refusal.NotFound }))
        {
            throw Refused(answer);
        }
    }

    public static string FolderOf(Kind kind) => kind == Kind.Keyspaces ? "keyspaces/" : "services/";

    /// <summary>The name in a declaration's key.</summary>
    public static string NameIn(Utf8Name key)
    {
        string text = key.ToString();
        return text[(text.IndexOf('/') + 1)..];
    }

    private static Utf8Name KeyOf(Kind kind, string name) => new(FolderOf(kind) + name);

    private async Task<List<KeyView>> ListAsync(string prefix, CancellationToken cancel)
    {
        var all = new List<KeyView>();
        while (true)
        {
            Answer answer = await ExecuteAsync(
                new ListKeys
                {
                    Keyspace = KeyspaceId.System,
                    Prefix = new Utf8Name(prefix),
                    After = all.Count == 0 ? Utf8Name.Empty : all[^1].Key,
                    Limit = Limits.PageEntries,
                },
                cancel);
            if (answer is not KeyPage page)
            {
                throw Refused(answer);
            }

            all.AddRange(page.Entries);
            if (!page.More || page.Entries.Length == 0)
            {
                return all;
            }
        }
    }

    private static OperationRefusedException Refused(Answer answer) => new(Refusals.Of(answer, ProblemCode.Internal));

    private ValueTask<Answer> ExecuteAsync(Command command, CancellationToken cancel)
    {
        int slot = PlacementKey.SlotOfOrderedKeyspace(System.Text.Encoding.ASCII.GetBytes(_name));
        return partitions.ExecuteAsync(partitions.Slots.PartitionOf(slot), command, cancel);
    }
}
