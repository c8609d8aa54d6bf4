using Grains.Operations.Access;
using Grains.Resp.Protocol;
using Grains.Resp.Replies;
using Grains.Resp.Sessions;

namespace Grains.Resp.Commands;

/// <summary>A command of the protocol: what is known of it, and what is done.</summary>
/// <param name="Name">In small letters.</param>
/// <param name="Arity">So many words, the verb among them; negative = at least so many.</param>
internal sealed record RespCommand(string Name, int Arity)
{
    /// <summary>
    /// Which words are keys: the first, the last (from the end, where negative), and each how-manieth; 0 = none.
    /// </summary>
    public (int First, int Last, int Step) Keys { get; init; }

    public bool Writes { get; init; }

    /// <summary>Answers who has not said who they are.</summary>
    public bool IsForStrangers { get; init; }

    /// <summary>What it says is the same now as when EXEC comes.</summary>
    public bool MayBeQueued { get; init; }

    // What is done: one of these.

    /// <summary>Actions of keys.</summary>
    public Func<Arguments, KeyPlan>? Plan { get; init; }

    /// <summary>An answer that waits for nothing; given in its turn.</summary>
    public Func<Session, Arguments, Pending>? Answer { get; init; }

    /// <summary>Something that begins when all before it is answered, and before anything after it.</summary>
    public Func<Session, Arguments, Caller, Task<Pending>>? Run { get; init; }

    public bool Takes(int words) => Arity >= 0 ? words == Arity : words >= -Arity;
}
