using System.ComponentModel;
using System.Diagnostics;

namespace Grains.Faults.Tests.World;

/// <summary>An ext4 file system in a file, mounted by loop device, whose power can be cut.</summary>
internal sealed class PowerCutVolume : IDisposable
{
    private const long _sizeBytes = 2L << 30;
    private static readonly TimeSpan _unmountDeadline = TimeSpan.FromSeconds(20);

    private static readonly Lazy<string?> _whyNot = new(Try);

    private readonly string _image;
    private readonly Action _atExit;
    private bool _mounted;

    public PowerCutVolume(TempFolder folder)
    {
        _image = folder.File("volume.img");
        MountPoint = folder.File("volume");
        Directory.CreateDirectory(MountPoint);
        using (FileStream file = File.Create(_image))
        {
            file.SetLength(_sizeBytes);
        }

        Tool.MustRun("mkfs.ext4", "-q", "-F", _image);
        _atExit = Unmount;
        AtExit.Add(_atExit);
        Mount();
    }

    public string MountPoint { get; }

    /// <summary>Why no volume can be made here, or null if one can.</summary>
    public static string? WhyNot() => _whyNot.Value;

    /// <summary>Makes durable what is there, so that a run does not begin by losing its own preparation.</summary>
    public void Sync() => Native.SyncFileSystem(MountPoint);

    /// <summary>Before the process is killed: what it writes while it dies must not arrive either.</summary>
    public void CutPower() => Native.CutPower(MountPoint);

    /// <summary>Power is back: the file system is mounted as the disk has it.</summary>
    public void RestorePower()
    {
        Unmount();
        Mount();
    }

    public void Dispose()
    {
        AtExit.Remove(_atExit);
        Unmount();
    }

    private static string? Try()
    {
        if (!Native.IsRoot)
        {
            return "power cuts need root, to mount a loop device";
        }

        if (!File.Exists("/dev/loop-control"))
        {
            return "power cuts need loop devices";
        }

        try
        {
            using var folder = new TempFolder();
            using var volume = new PowerCutVolume(folder);
            Native.CutPower(volume.MountPoint);
            return null;
        }
        catch (Exception e) when (e is IOException or Win32Exception)
        {
            return $"power cuts need a loop-mounted ext4 that can be shut down: {e.Message}";
        }
    }

    // commit=60: the file system syncs nothing of its own accord within a run.
    private void Mount()
    {
        Tool.MustRun("mount", "-t", "ext4", "-o", "loop,commit=60", _image, MountPoint);
        _mounted = true;
    }

    private void Unmount()
    {
        if (!_mounted)
        {
            return;
        }

        var waited = Stopwatch.StartNew();
        (int exitCode, string output) = Tool.Run("umount", MountPoint);
        while (exitCode != 0 && waited.Elapsed < _unmountDeadline)
        {
            // Busy while the killed process is still being taken apart.
            (exitCode, output) = Tool.Run("umount", MountPoint);
        }

        if (exitCode != 0)
        {
            Tool.MustRun("umount", "--lazy", MountPoint);
            _mounted = false;
            throw new IOException($"{MountPoint} stayed busy: {output}");
        }

        _mounted = false;
    }
}
