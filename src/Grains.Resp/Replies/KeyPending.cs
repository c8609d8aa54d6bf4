using Grains.Operations.Errors;
using Grains.Resp.Protocol;
using Grains.StateMachines.Keyspaces;

namespace Grains.Resp.Replies;

/// <summary>The reply of a command that is one action of one key.</summary>
internal sealed class KeyPending(
    ValueTask<Result<KeyResult>> asked, KeyReply reply, bool wantsValue, Func<bool> isReady)
    : Pending
{
    private ValueTask<Result<KeyResult>> _asked = asked;
    private Result<KeyResult> _result;
    private bool _isTaken;

    public override bool IsReady => _isTaken || _asked.IsCompleted;

    public override async ValueTask WaitAsync()
    {
        _result = await _asked;
        _isTaken = true;
    }

    public override void Write(RespWriter to)
    {
        if (!_isTaken)
        {
            // It is completed: this waits for nothing.
            _result = _asked.GetAwaiter().GetResult();
        }

        _asked = default;
        if (!_result.TryGet(out KeyResult result, out OperationError? error))
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
    private int _taken;

    public override bool IsReady => _taken == asked.Length || Array.TrueForAll(asked, a => a.IsCompleted);

    public override async ValueTask WaitAsync()
    {
        while (_taken < asked.Length)
        {
            Take(await asked[_taken]);
        }
    }

    public override void Write(RespWriter to)
    {
        while (_taken < asked.Length)
        {
            Take(asked[_taken].GetAwaiter().GetResult());
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

    private void Take(Result<KeyResult> taken)
    {
        if (!taken.TryGet(out KeyResult result, out OperationError? error))
        {
            _error ??= ErrorWords.Of(error, isReady());
        }
        else if (KeyFaults.Of(result, wantsValue) is var fault and not KeyFault.None)
        {
            _error ??= ErrorWords.Of(fault);
        }

        _results[_taken++] = result;
    }
}

/// <summary>The reply of a command that is one transaction: what each part of it answers.</summary>
internal sealed class TransactionPending(
    ValueTask<Result<KeysChanged>> asked, Action<RespWriter, Result<KeysChanged>> write)
    : Pending
{
    private ValueTask<Result<KeysChanged>> _asked = asked;
    private Result<KeysChanged> _result;
    private bool _isTaken;

    public override bool IsReady => _isTaken || _asked.IsCompleted;

    public override async ValueTask WaitAsync()
    {
        _result = await _asked;
        _isTaken = true;
    }

    public override void Write(RespWriter to)
    {
        if (!_isTaken)
        {
            _result = _asked.GetAwaiter().GetResult();
        }

        _asked = default;
        write(to, _result);
    }
}

internal static class KeyFaults
{
    /// <summary>A repeat knows no value; a reply that has one cannot be given.</summary>
    public static KeyFault Of(in KeyResult result, bool wantsValue) =>
        result.Fault == KeyFault.None && result.IsRepeat && wantsValue ? KeyFault.AnswerLost : result.Fault;
}
