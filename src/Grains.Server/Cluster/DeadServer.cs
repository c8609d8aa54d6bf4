using System.Diagnostics;
using Orleans.Runtime;

namespace Grains.Server.Cluster;

/// <summary>
/// The end of a server that the others declared dead: they own its partitions by then, so there is nothing to finish,
/// and each moment more would be spent on answers that the journal refuses. A service manager starts it again.
/// </summary>
internal sealed class DeadServer : IFatalErrorHandler
{
    public bool IsUnexpected(Exception exception) => exception is not ThreadAbortException;

    public void OnFatalException(object? sender = null, string? context = null, Exception? exception = null)
    {
        Console.Error.WriteLine($"Grains ends now, because it is no member of the cluster any more: {context} {exception?.Message}");
        Console.Error.WriteLine("Nothing that was answered is lost, and the other servers go on with its partitions. Start it again.");
        Console.Error.Flush();

        // Not an orderly exit: it would take seconds, in which this server still talks.
        Process.GetCurrentProcess().Kill();
    }
}
