using Grains.Operations.Errors;
using Grains.Operations.Keyspaces;
using Grains.Resp.Protocol;
using Grains.StateMachines.Keyspaces;

namespace Grains.Resp.Replies;

/// <summary>The reply of a command that is one action of one key.</summary>
internal sealed class KeyPending(AskedKey asked, KeyReply reply, bool wantsValue, Func<bool> isReady) : Pending
{
    private AskedKey _asked = asked;

    public override bool IsReady => _asked.IsCompleted;

    public override void WhenReady(Action then) => _asked.GetAwaiter().UnsafeOnCompleted(then);

    public override void Write(RespWriter to)
    {
        Result<KeyResult> answered = _asked.GetAwaiter().GetResult();
        _asked = default;
        if (!answered.TryGet(out KeyResult result, out OperationError? error))
        {
            to.Error(ErrorWords.Of(error, isReady()));
        }
        else if (KeyFaults.Of(result, wantsValue) is var fault and not KeyFault.None)
        {
            to.Error(ErrorWords.Of(fault));
        }
        else
        {
            reply(to, [result]);
        }
    }
}

/// <summary>The reply of a command that is several actions of keys, each for itself.</summary>
internal sealed class ManyKeysPending(
    Task<Result<KeyResult>>[] asked, KeyReply reply, bool wantsValue, Func<bool> isReady)
    : Pending
{
    private readonly KeyResult[] _results = new KeyResult[asked.Length];
    private string? _error;

    public override bool IsReady => Array.TrueForAll(asked, a => a.IsCompleted);

    public override void WhenReady(Action then) => Task.WhenAll(asked).GetAwaiter().UnsafeOnCompleted(then);

    public override void Write(RespWriter to)
    {
        for (int i = 0; i < asked.Length; i++)
        {
            Take(i, asked[i].GetAwaiter().GetResult());
        }

        if (_error is null && _results.Sum(r => (long)(r.Value?.Length ?? 0)) > RespLimits.AnswerBytesMax)
        {
            _error = $"ERR the values are together more than {RespLimits.AnswerBytesMax} bytes; ask for fewer keys";
        }

        if (_error is not null)
        {
            to.Error(_error);
        }
        else
        {
            reply(to, _results);
        }
    }

    private void Take(int index, in Result<KeyResult> taken)
    {
        if (!taken.TryGet(out KeyResult result, out OperationError? error))
        {
            _error ??= ErrorWords.Of(error, isReady());
        }
        else if (KeyFaults.Of(result, wantsValue) is var fault and not KeyFault.None)
        {
            _error ??= ErrorWords.Of(fault);
        }

        _results[index] = result;
    }
}

/// <summary>The reply of a command that is one transaction: what each part of it answers.</summary>
internal sealed class TransactionPending(
    ValueTask<Result<KeysChanged>> asked, Action<RespWriter, Result<KeysChanged>> write)
    : Pending
{
    private ValueTask<Result<KeysChanged>> _asked = asked;

    public override bool IsReady => _asked.IsCompleted;

    public override void WhenReady(Action then) => _asked.GetAwaiter().UnsafeOnCompleted(then);

    public override void Write(RespWriter to)
    {
        Result<KeysChanged> result = _asked.GetAwaiter().GetResult();
        _asked = default;
        write(to, result);
    }
}

internal static class KeyFaults
{
    /// <summary>A repeat knows no value; a reply that has one cannot be given.</summary>
    public static KeyFault Of(in KeyResult result, bool wantsValue) =>
        result.Fault == KeyFault.None && result.IsRepeat && wantsValue ? KeyFault.AnswerLost : result.Fault;
}
