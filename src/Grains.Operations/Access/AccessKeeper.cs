using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Grains.Operations.Access;

/// <summary>
/// Follows the keys file while the server runs: what two looks in a row find there is taken into use, all of it or
/// nothing. A file that is gone or wrong changes nothing, and that is said.
/// </summary>
public sealed partial class AccessKeeper(
    KeyRing ring, IEnumerable<IRefusalLog> refusals, IOptions<AccessOptions> options, TimeProvider time,
    ILogger<AccessKeeper> log)
    : BackgroundService
{
    /// <summary>
    /// Two of these, and the time that requests are given, stay below the ten seconds that are promised.
    /// </summary>
    public static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(2);

    private string? _seen;
    private string? _told;

    /// <summary>The file is not what is in use.</summary>
    public bool IsStale { get; private set; }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        KeepMetrics();
        using var look = new PeriodicTimer(LookEvery, time);
        try
        {
            while (await look.WaitForNextTickAsync(stoppingToken))
            {
                foreach (IRefusalLog one in refusals)
                {
                    one.SumUp();
                }

                if (options.Value.KeysFile is { } file)
                {
                    Look(KeysFile.Read(file));
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    private void Look(KeysReading reading)
    {
        foreach (string name in ring.EndExpired())
        {
            LogExpired(log, name);
        }

        IsStale = reading.Digest != ring.Digest;
        if (!IsStale || reading.Digest != _seen)
        {
            // One that is being written is another one at the next look.
            _seen = reading.Digest;
            _told = IsStale ? _told : null;
            return;
        }

        if (reading.Errors.Count > 0)
        {
            if (_told != reading.Digest)
            {
                _told = reading.Digest;
                _notTaken.Add(1);
                LogNotTaken(log, options.Value.KeysFile!, string.Join(" ", reading.Errors));
            }

            return;
        }

        KeyChanges changes = ring.Replace(reading.Keys, reading.Digest);
        IsStale = false;
        LogTaken(log, Join(changes.Added), Join(changes.Removed), Join(changes.Changed));
    }

    private static string Join(string[] names) => names.Length == 0 ? "none" : string.Join(", ", names);
}
