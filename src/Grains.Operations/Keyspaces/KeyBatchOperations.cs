using System.Runtime.InteropServices;
using Grains.Api.Problems;
using Grains.Operations.Access;
using Grains.Operations.Declarations;
using Grains.Operations.Errors;
using Grains.Operations.Syntax;
using Grains.Silo.Loops;
using Grains.Silo.Partitions;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;

namespace Grains.Operations.Keyspaces;

/// <summary>
/// Many things with many keys of one keyspace, each for itself. Those for the same key are done one after another, in
/// their order; all others together: what goes to one partition becomes one batch of it, and so one record, where its
/// owner is this process and leads its journal. Nothing is atomic but each by itself.
/// </summary>
public sealed class KeyBatchOperations(IPartitions partitions, DeclarationCatalog catalog, EngineLead? engine = null)
{
    private static readonly OperationError _notBegun = new(
        ProblemCode.Unavailable, "It was not begun: the lines before it took too long, or their caller has gone.");

    /// <summary>Does all of it.</summary>
    /// <param name="caller">Who asks. What they may not do is refused by itself.</param>
    /// <param name="keyspace">Of the keys.</param>
    /// <param name="steps">What is done, in an order that counts for those of the same key; what could not be read is
    /// answered with why.</param>
    /// <param name="cancel">Nothing is begun from then on; what has begun is waited for.</param>
    /// <returns>What came of each, in the order of the steps.</returns>
    public async Task<Result<KeyOutcome>[]> RunAsync(
        Caller caller, KeyspaceSnapshot keyspace, IReadOnlyList<Result<KeyStep>> steps, CancellationToken cancel)
    {
        var outcomes = new Result<KeyOutcome>[steps.Count];
        foreach (List<(int At, KeyStep Step)> round in Rounds(caller, steps, outcomes))
        {
            if (cancel.IsCancellationRequested)
            {
                round.ForEach(r => outcomes[r.At] = _notBegun);
                continue;
            }

            Task<Result<KeyOutcome>>[] begun = Begin(keyspace, round);
            for (int i = 0; i < begun.Length; i++)
            {
                outcomes[round[i].At] = await begun[i];
            }
        }

        return outcomes;
    }

    /// <summary>
    /// The nth step of each key is in the nth round: a command that is repeated, because its partition moves, can come
    /// after a later one.
    /// </summary>
    private static List<List<(int At, KeyStep Step)>> Rounds(
        Caller caller, IReadOnlyList<Result<KeyStep>> steps, Result<KeyOutcome>[] outcomes)
    {
        var rounds = new List<List<(int At, KeyStep Step)>>();
        var seen = new Dictionary<Utf8Name, int>(steps.Count);
        for (int i = 0; i < steps.Count; i++)
        {
            if (!steps[i].TryGet(out KeyStep? step, out OperationError? error)
                || (error = caller.Refuse(step.Needed)) is not null)
            {
                outcomes[i] = error;
                continue;
            }

            ref int round = ref CollectionsMarshal.GetValueRefOrAddDefault(seen, step.Key, out _);
            if (round == rounds.Count)
            {
                rounds.Add([]);
            }

            rounds[round++].Add((i, step));
        }

        return rounds;
    }

    private Task<Result<KeyOutcome>>[] Begin(KeyspaceSnapshot keyspace, List<(int At, KeyStep Step)> round)
    {
        var begun = new Task<Result<KeyOutcome>>[round.Count];
        using Gathering together = engine is null ? default : engine.Gather();
        for (int i = 0; i < begun.Length; i++)
        {
            begun[i] = DoAsync(keyspace, round[i].Step);
        }

        return begun;
    }

    private async Task<Result<KeyOutcome>> DoAsync(KeyspaceSnapshot keyspace, KeyStep step)
    {
        try
        {
            PartitionId partition = keyspace.PartitionOf(partitions.Slots, step.Key);
            Answer answer = await partitions.ExecuteAsync(partition, step.Command, CancellationToken.None);
            return Refuse(keyspace, step, answer) is { } refused
                ? refused
                : new KeyOutcome(new Placed<Answer>(partition, answer))
                {
                    IsKnown = answer is KeyFound found && step.Preconditions.Knows(found.Entry.Version),
                };
        }
        catch (Exception e) when (Refusals.Of(e) is { } refused)
        {
            return refused;
        }
    }

    /// <summary>Null: it was done.</summary>
    private OperationError? Refuse(KeyspaceSnapshot keyspace, KeyStep step, Answer answer) => answer switch
    {
        KeyWritten => null,
        KeyFound found => step.Preconditions.RefuseRead(found.Entry.Version),
        KeyChanged changed => KeyOperations.Refuse(changed),
        _ when step.Command is DeleteKey => Preconditions.OfDelete(
            catalog.Refuse(answer, keyspace.Name, ProblemCode.KeyNotFound), ProblemCode.KeyNotFound, "key"),
        _ => catalog.Refuse(answer, keyspace.Name, ProblemCode.KeyNotFound),
    };
}

/// <summary>What came of a step that was done.</summary>
/// <param name="Placed"><see cref="KeyWritten"/>, <see cref="KeyFound"/> or <see cref="KeyChanged"/>.</param>
public readonly record struct KeyOutcome(Placed<Answer> Placed)
{
    /// <summary>Of a read: the caller has this version already.</summary>
    public bool IsKnown { get; init; }
}
