using System.Runtime.CompilerServices;
using Grains.Api.Problems;
using Grains.Operations.Declarations;
using Grains.Operations.Errors;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Keyspaces;

namespace Grains.Operations.Keyspaces;

/// <summary>
/// One thing that was asked of a key; await it, or ask for the result when it is completed, once. It is the partition's
/// own answer and how to read it: many are under way at a time, and none has a task of its own.
/// </summary>
public readonly struct AskedKey
{
    private readonly DeclarationCatalog? _catalog;
    private readonly KeyspaceSnapshot? _keyspace;
    private readonly OperationError? _refused;
    private readonly ValueTask<Answer> _answer;

    internal AskedKey(OperationError refused) => _refused = refused;

    internal AskedKey(DeclarationCatalog catalog, KeyspaceSnapshot keyspace, ValueTask<Answer> answer) =>
        (_catalog, _keyspace, _answer) = (catalog, keyspace, answer);

    public bool IsCompleted => _refused is not null || _answer.IsCompleted;

    public async Task<Result<KeyResult>> AsTask() => await this;

    public Awaiter GetAwaiter() => new(this);

    private Result<KeyResult> Read()
    {
        if (_refused is not null)
        {
            return _refused;
        }

        try
        {
            return _answer.GetAwaiter().GetResult() switch
            {
                KeyChanged changed => changed.Result,
                KeyFound { Entry: { } entry } => new KeyResult
                {
                    Existed = true,
                    Number = entry.ValueBytes,
                    Value = entry.Value,
                    Version = entry.Version,
                    ExpiresAtMs = entry.ExpiresAtMs,
                },
                Refused { Code: Refusal.NotFound } => default(KeyResult),
                var other => _catalog!.Refuse(other, _keyspace!.Name, ProblemCode.KeyNotFound),
            };
        }
        catch (Exception e) when (Refusals.Of(e) is { } refused)
        {
            return refused;
        }
    }

    /// <summary>What <c>await</c> asks.</summary>
    public readonly struct Awaiter(AskedKey asked) : ICriticalNotifyCompletion
    {
        public bool IsCompleted => asked.IsCompleted;

        public Result<KeyResult> GetResult() => asked.Read();

        public void OnCompleted(Action continuation) => asked._answer.GetAwaiter().OnCompleted(continuation);

        public void UnsafeOnCompleted(Action continuation) =>
            asked._answer.GetAwaiter().UnsafeOnCompleted(continuation);
    }
}
