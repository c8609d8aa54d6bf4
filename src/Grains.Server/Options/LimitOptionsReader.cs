using Grains.Server.Limits;
using Grains.StateMachines.Codecs;

namespace Grains.Server.Options;

/// <summary>What the process may use, checked against what there is.</summary>
internal sealed class LimitOptionsReader(SettingSource source)
{
    private const int _connectionsMin = 16;
    private const int _rateMax = 1_000_000;

    public long? Memory()
    {
        (string? value, _) = source.Find(Setting.Memory);
        if (value is null)
        {
            return null;
        }

        if (ByteSize.Parse(value) is not { } bytes || bytes < ProcessLimits.MemoryBytesMin)
        {
            source.Wrong(
                Setting.Memory, value, $"is not a size of at least {ByteSize.Write(ProcessLimits.MemoryBytesMin)}",
                "Write a number with KiB, MiB, GiB or TiB, such as 512MiB");
            return null;
        }

        if (bytes > ProcessLimits.MemoryBytes)
        {
            source.Wrong(
                Setting.Memory, value, $"is more than the {ByteSize.Write(ProcessLimits.MemoryBytes)} that there are",
                "Write less, give the container more, or leave it out");
        }

        return bytes;
    }

    public int? Connections()
    {
        int descriptors = ProcessLimits.Descriptors;
        return Number(Setting.Connections, _connectionsMin, ProcessLimits.ApiConnectionsMax,
            $"Raise the limit of open files, which is {descriptors}, or leave it out");
    }

    public int? Rate() => Number(Setting.Rate, 1, _rateMax, "Leave it out for no limit");

    private int? Number(Setting setting, int min, int max, string remedy)
    {
        (string? value, _) = source.Find(setting);
        if (value is null)
        {
            return null;
        }

        if (WholeNumber.TryParse(value, max, out int count) && count >= min)
        {
            return count;
        }

        source.Wrong(setting, value, $"is not a number from {min} to {max}", remedy);
        return null;
    }
}
