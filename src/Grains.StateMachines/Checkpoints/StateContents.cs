namespace Grains.StateMachines.Checkpoints;

/// <summary>How much a state holds, counted through.</summary>
public readonly record struct StateContents(
    long Keys, long Nodes, long Messages, long DeadLetters, long OutboxEntries, long IdempotencyKeys, long Bytes)
{
    public static StateContents operator +(StateContents a, StateContents b) => new(
        a.Keys + b.Keys, a.Nodes + b.Nodes, a.Messages + b.Messages, a.DeadLetters + b.DeadLetters,
        a.OutboxEntries + b.OutboxEntries, a.IdempotencyKeys + b.IdempotencyKeys, a.Bytes + b.Bytes);
}
