using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Grains.Faults.Tests.World;

/// <summary>The few calls of the system that .NET does not offer.</summary>
internal static class Native
{
    private const int _sigTerm = 15;
    private const int _sigCont = 18;
    private const int _sigStop = 19;
    private const int _readOnly = 0;
    private const int _newNetwork = 0x40000000;
    private const ulong _ext4Shutdown = 0x8004587d;
    private const uint _noLogFlush = 2;

    public static bool IsRoot => OperatingSystem.IsLinux() && geteuid() == 0;

    public static void Terminate(int processId) => Check(kill(processId, _sigTerm), "kill");

    /// <summary>No thread of it runs until it is continued.</summary>
    public static void Stop(int processId) => Check(kill(processId, _sigStop), "kill");

    public static void Continue(int processId) => Check(kill(processId, _sigCont), "kill");

    /// <summary>
    /// EXT4_IOC_SHUTDOWN with NOLOGFLUSH: from now on nothing reaches the disk, not even the journal of the file
    /// system. What was not synced is gone at the next mount, as after a power cut.
    /// </summary>
    public static void CutPower(string mountPoint)
    {
        uint how = _noLogFlush;
        WithFile(mountPoint, fd => Check(ioctl(fd, (nuint)_ext4Shutdown, ref how), "ioctl"));
    }

    /// <summary>Makes everything on that file system durable.</summary>
    public static void SyncFileSystem(string mountPoint) => WithFile(mountPoint, fd => Check(syncfs(fd), "syncfs"));

    /// <summary>Moves the calling thread into a network namespace, for the rest of its life.</summary>
    public static void EnterNetwork(string file) => WithFile(file, fd => Check(setns(fd, _newNetwork), "setns"));

    private static void WithFile(string path, Action<int> action)
    {
        int fd = open(path, _readOnly);
        Check(fd, "open");
        try
        {
            action(fd);
        }
        finally
        {
            _ = close(fd);
        }
    }

    private static void Check(int result, string call)
    {
        if (result < 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError(), $"{call}: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

// The names are the C library's; generated marshalling would need unsafe code.
#pragma warning disable IDE1006, SYSLIB1054
    [DllImport("libc", SetLastError = true)]
    private static extern uint geteuid();

    [DllImport("libc", SetLastError = true)]
    private static extern int kill(int processId, int signal);

    [DllImport("libc", SetLastError = true, CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    private static extern int open(string path, int flags);

    [DllImport("libc", SetLastError = true)]
    private static extern int close(int fd);

    [DllImport("libc", SetLastError = true)]
    private static extern int setns(int fd, int kind);

    [DllImport("libc", SetLastError = true)]
    private static extern int syncfs(int fd);

    [DllImport("libc", SetLastError = true)]
    private static extern int ioctl(int fd, nuint request, ref uint argument);
#pragma warning restore IDE1006, SYSLIB1054
}
