using Grains.Resp.Replies;
using Grains.StateMachines.Keyspaces;

namespace Grains.Resp.Commands;

/// <summary>What a command does with keys: its actions, and what it answers; or what is wrong with it.</summary>
internal readonly record struct KeyPlan
{
    /// <summary>Null: <see cref="One"/> or <see cref="Many"/> is there.</summary>
    public string? Error { get; private init; }

    public KeyAction? One { get; private init; }

    public KeyAction[]? Many { get; private init; }

    /// <summary>What is done first.</summary>
    public KeyAction First => One ?? Many![0];

    public KeyReply? Reply { get; private init; }

    /// <summary>Nothing is done where one of the keys is there.</summary>
    public bool NeedsAbsence { get; init; }

    /// <summary>The reply has a value, which is not known of a repeat.</summary>
    public bool WantsValue { get; init; }

    /// <summary>
    /// Nothing that it answers is counted by the clock of the partition: it may be read beside the order.
    /// </summary>
    public bool IsPlainRead { get; init; }

    public static KeyPlan Of(KeyAction action, KeyReply reply) => new() { One = action, Reply = reply };

    public static KeyPlan Of(KeyAction[] actions, KeyReply reply) => actions.Length == 1 ? Of(actions[0], reply)
        : new() { Many = actions, Reply = reply };

    public static KeyPlan Refuse(string error) => new() { Error = error };

    public static KeyPlan Syntax { get; } = Refuse(ErrorWords.Syntax);
}
