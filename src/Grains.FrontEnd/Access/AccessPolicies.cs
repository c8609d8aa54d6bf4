using Grains.Operations.Access;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Grains.FrontEnd.Access;

/// <summary>Chooses the policy at start.</summary>
internal static class AccessPolicies
{
    public static IAccessPolicy Create(IServiceProvider services)
    {
        FrontEndOptions options = services.GetRequiredService<IOptions<FrontEndOptions>>().Value;
        return options.KeysFile is null
            ? new OpenAccess(options.Insecure)
            : new KeyAccess(services.GetRequiredService<KeyRing>());
    }

    /// <summary>What the file holds at the start; empty where there is none.</summary>
    public static KeyRing OpenRing(IServiceProvider services)
    {
        TimeProvider time = services.GetRequiredService<TimeProvider>();
        if (services.GetRequiredService<IOptions<FrontEndOptions>>().Value.KeysFile is not { } path)
        {
            return new KeyRing([], "", time);
        }

        KeysReading reading = KeysFile.Read(path);
        return reading.Errors.Count == 0
            ? new KeyRing(reading.Keys, reading.Digest, time)
            : throw new InvalidOperationException(
                $"The keys file '{path}' cannot be used: {string.Join(" ", reading.Errors)}");
    }
}
