using Grains.Resp.Protocol;

namespace Grains.Resp.Replies;

/// <summary>A reply whose turn comes. Written once, after it is ready, by the one that sends.</summary>
internal abstract class Pending
{
    /// <summary>What it holds until it is sent, as far as that is known.</summary>
    public int Bytes { get; init; }

    /// <summary>Nothing is sent after it.</summary>
    public virtual bool EndsConnection => false;

    public virtual bool IsReady => true;

    /// <summary>Only of one that is not ready: called once, where awaiting it would go on.</summary>
    public virtual void WhenReady(Action then) => then();

    public abstract void Write(RespWriter to);
}

/// <summary>A reply that was known at once.</summary>
internal sealed class ReadyReply(Action<RespWriter> write) : Pending
{
    public static readonly ReadyReply Ok = new(to => to.Ok());
    public static readonly ReadyReply Pong = new(to => to.Simple("PONG"));
    public static readonly ReadyReply Queued = new(to => to.Simple("QUEUED"));
    public static readonly ReadyReply Null = new(to => to.Null());
    public static readonly ReadyReply Syntax = Refuse(ErrorWords.Syntax);

    public static ReadyReply Refuse(string error) => new(to => to.Error(error));

    public override void Write(RespWriter to) => write(to);
}

/// <summary>The last reply of a connection.</summary>
internal sealed class LastReply(Action<RespWriter> write) : Pending
{
    public override bool EndsConnection => true;

    public override void Write(RespWriter to) => write(to);
}

/// <summary>Replies of a command that does several things, one after another.</summary>
internal sealed class Replies(IReadOnlyList<Pending> all, Action<RespWriter> head) : Pending
{
    public override bool IsReady => all.All(p => p.IsReady);

    public override void WhenReady(Action then)
    {
        foreach (Pending one in all)
        {
            if (!one.IsReady)
            {
                one.WhenReady(() => WhenReady(then));
                return;
            }
        }

        then();
    }

    public override void Write(RespWriter to)
    {
        head(to);
        foreach (Pending one in all)
        {
            one.Write(to);
        }
    }
}
