using System.Diagnostics;
using Grains.Server.Options;

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
        Console.Error.WriteLine(context?.Contains("told I am dead", StringComparison.Ordinal) == true
            ? "Grains ends now: the other servers declared this one dead, because they did not hear from it in time."
            : $"Grains ends now, because its membership failed: {context} {exception?.Message}");
        Console.Error.WriteLine(
            "Nothing that was answered is lost, and the others go on with its partitions. Start it again. "
            + "If it never gets in, look "
            + $"whether the servers reach each other at their {Setting.Silo.Switch}, all with TLS or all without.");
        Console.Error.Flush();

        // Not an orderly exit: it would take seconds, in which this server still talks.
        Process.GetCurrentProcess().Kill();
    }
}
