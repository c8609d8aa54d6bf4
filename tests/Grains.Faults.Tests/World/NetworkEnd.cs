using System.Net;
using System.Runtime.ExceptionServices;

namespace Grains.Faults.Tests.World;

/// <summary>
/// A place on a <see cref="Network"/> with an address of its own, for processes that are started inside.
/// </summary>
internal sealed record NetworkEnd(string Namespace, IPAddress Address)
{
    /// <summary>The name of its interface, inside.</summary>
    public const string Interface = "eth0";

    /// <summary>
    /// In front of a command, which takes the place of this one. Only the network is another: with mounts of its own,
    /// as "ip netns exec" gives them, a process would hold a volume that is unmounted outside.
    /// </summary>
    public IReadOnlyList<string> Inside => ["nsenter", $"--net={Network.Folder}/{Namespace}", "--"];

    /// <summary>
    /// Runs something of this process inside: a socket that it makes stays there. On a thread of its own, which ends
    /// with it, because a thread that went inside never comes out.
    /// </summary>
    public T Run<T>(Func<T> action)
    {
        T result = default!;
        ExceptionDispatchInfo? failed = null;
        var thread = new Thread(() =>
        {
            try
            {
                Native.EnterNetwork($"{Network.Folder}/{Namespace}");
                result = action();
            }
            catch (Exception e)
            {
                failed = ExceptionDispatchInfo.Capture(e);
            }
        });
        thread.Start();
        thread.Join();
        failed?.Throw();
        return result;
    }
}
