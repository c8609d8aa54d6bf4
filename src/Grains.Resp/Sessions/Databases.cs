using System.Globalization;
using Grains.Api.Keyspaces;
using Grains.Api.Problems;
using Grains.Operations.Access;
using Grains.Operations.Declarations;
using Grains.Operations.Errors;
using Grains.Operations.Keyspaces;
using Grains.StateMachines.Ids;

namespace Grains.Resp.Sessions;

/// <summary>The keyspaces behind the numbers, declared when they are first used.</summary>
internal sealed class Databases(KeyspaceOperations keyspaces)
{
    public const int Count = 16;

    private static readonly KeyspaceRequest _spread = new()
    {
        Layout = DeclarationCatalog.LayoutName(KeyspaceLayout.Spread)
    };

    private readonly KeyspaceSnapshot[] _empty = [.. Enumerable.Range(0, Count).Select(
        n => new KeyspaceSnapshot(NameOf(n), new KeyspaceId(long.MaxValue), KeyspaceLayout.Spread))];

    public static string NameOf(int number) => string.Create(CultureInfo.InvariantCulture, $"db{number}");

    /// <summary>Known at once, but for a moment each second.</summary>
    public ValueTask<Result<KeyspaceSnapshot>> FindAsync(Session session, Caller caller)
    {
        ValueTask<Result<KeyspaceSnapshot>> found = keyspaces.GetAsync(caller, session.Keyspace);
        return found.IsCompletedSuccessfully && session.Database is null ? found
            : session.Database is { } number ? FindAsync(found, number, caller) : found;
    }

    /// <summary>All keys go at once; whoever writes meanwhile is told to try again.</summary>
    public Task<OperationError?> FlushAsync(Session session, Caller caller) =>
        FlushAsync(session.Keyspace, session.Database is not null, caller);

    /// <summary>
    /// One database after another; keyspaces that are none stay as they are. The first that cannot be is the end.
    /// </summary>
    public async Task<OperationError?> FlushAllAsync(Caller caller)
    {
        OperationError? refused = null;
        for (int number = 0; number < Count && refused is null; number++)
        {
            refused = await FlushAsync(NameOf(number), isDatabase: true, caller);
        }

        return refused;
    }

    private async Task<OperationError?> FlushAsync(string keyspace, bool isDatabase, Caller caller)
    {
        if (!(await keyspaces.GetAsync(caller, keyspace)).TryGet(
            out KeyspaceSnapshot? there, out OperationError? none))
        {
            return caller.Refuse(Permission.Admin)
                ?? (none.Code == ProblemCode.KeyspaceNotFound && isDatabase ? null : none);
        }

        if ((await keyspaces.DeleteAsync(caller, keyspace)).Error is { } refused)
        {
            return refused;
        }

        var again = new KeyspaceRequest { Layout = DeclarationCatalog.LayoutName(there.Layout) };
        return (await keyspaces.DeclareAsync(caller, keyspace, again)).Error;
    }

    private ValueTask<Result<KeyspaceSnapshot>> FindAsync(
        ValueTask<Result<KeyspaceSnapshot>> found, int number, Caller caller)
    {
        if (!found.IsCompletedSuccessfully)
        {
            return WaitAsync(found, number, caller);
        }

        Result<KeyspaceSnapshot> result = found.Result;
        return result.Error is { Code: ProblemCode.KeyspaceNotFound } ? DeclareAsync(number, caller) : new(result);
    }

    private async ValueTask<Result<KeyspaceSnapshot>> WaitAsync(
        ValueTask<Result<KeyspaceSnapshot>> found, int number, Caller caller)
    {
        Result<KeyspaceSnapshot> result = await found;
        return result.Error is { Code: ProblemCode.KeyspaceNotFound } ? await DeclareAsync(number, caller) : result;
    }

    /// <summary>Who may only read finds nothing in what nobody has written to.</summary>
    private async ValueTask<Result<KeyspaceSnapshot>> DeclareAsync(int number, Caller caller)
    {
        if (caller.Refuse(Permission.Write) is not null)
        {
            return _empty[number];
        }

        Result<Declared<KeyspaceSnapshot>> declared = await keyspaces.DeclareAsync(
            Caller.Server, NameOf(number), _spread);
        return declared.TryGet(out Declared<KeyspaceSnapshot> there, out OperationError? error)
            ? there.Snapshot
            : error;
    }
}
