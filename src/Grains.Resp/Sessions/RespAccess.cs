using System.Net;
using Grains.Operations.Access;
using Grains.Resp.Replies;

namespace Grains.Resp.Sessions;

/// <summary>Who a connection is: anybody where there are no keys, else whose key it gives.</summary>
internal sealed class RespAccess(KeyRing keys, KeyGuesses guesses, RespAudit audit)
{
    private const string _anyName = "default";

    public bool AsksForKeys => keys.AsksForKeys;

    /// <summary>Before it has said anything; null = nobody.</summary>
    public Caller? Greet(IPEndPoint? from) =>
        AsksForKeys ? null : Caller.Anyone(from?.Address);

    /// <param name="session">Is the caller's from now on, if the key is one.</param>
    /// <param name="name">The key's, or <c>default</c> for any.</param>
    /// <param name="key">As the keys file has it.</param>
    /// <returns>Null: it is let in. Who gives wrong ones too often is told so, and has to connect anew.</returns>
    public Pending? Enter(Session session, string name, ReadOnlySpan<byte> key)
    {
        if (TryEnter(session, name, key))
        {
            return null;
        }

        audit.Refused(session.From);
        return guesses.Refuse(CallerGroup.Of(session.From?.Address)) is { } tooOften
            ? new LastReply(to => to.Error($"ERR {tooOften.Detail}"))
            : ReadyReply.Refuse(ErrorWords.WrongPass);
    }

    private bool TryEnter(Session session, string name, ReadOnlySpan<byte> key)
    {
        if (!AsksForKeys || keys.FindGiven(key) is not { } held || (name != _anyName && name != held.Key.Name))
        {
            return false;
        }

        session.Caller = Caller.Of(held);
        session.Life = held.Life;
        return true;
    }
}
