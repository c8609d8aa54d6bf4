using System.Net;
using Grains.Operations.Access;
using Microsoft.AspNetCore.Connections;

namespace Grains.FrontEnd.Connections;

/// <summary>One connection to the API. It carries one request at a time.</summary>
internal sealed class OpenConnection(ConnectionContext connection, ConnectionTable table)
{
    private long _idleSince = table.Time.GetTimestamp();
    private volatile bool _isBusy;
    private int _heldBytes;

    public CallerGroup From { get; } = CallerGroup.Of((connection.RemoteEndPoint as IPEndPoint)?.Address);

    public Traffic Bodies => table.Bodies;

    public Traffic Answers => table.Answers;

    public LargeTurns LargeTurns => table.LargeTurns;

    /// <summary>The body of the request that is being handled.</summary>
    public Passage? Body { get; set; }

    /// <summary>For how long no request has been handled; null while one is.</summary>
    public TimeSpan? Idle => _isBusy ? null : table.Time.GetElapsedTime(Volatile.Read(ref _idleSince));

    public void BeginRequest()
    {
        _isBusy = true;
        LargeTurns.CountRequest();
    }

    /// <summary>A small body that is here already counts until its request is over.</summary>
    /// <exception cref="Problems.RequestRefusedException">429: there is no memory for it left.</exception>
    public void HoldBody(int bytes)
    {
        Bodies.Take(null, bytes);
        _heldBytes += bytes;
    }

    public void EndRequest()
    {
        Body?.Dispose();
        Body = null;
        if (_heldBytes > 0)
        {
            Bodies.Return(_heldBytes);
            _heldBytes = 0;
        }

        Volatile.Write(ref _idleSince, table.Time.GetTimestamp());
        _isBusy = false;
    }

    public void Abort(string why) => connection.Abort(new ConnectionAbortedException(why));
}
