using Grains.Operations.Access;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Grains.FrontEnd.Access;

/// <summary>Chooses the policy at start.</summary>
internal static class AccessPolicies
{
    public static IAccessPolicy Create(IServiceProvider services)
    {
        KeyRing keys = services.GetRequiredService<KeyRing>();
        return keys.AsksForKeys
            ? new KeyAccess(keys)
            : new OpenAccess(services.GetRequiredService<IOptions<FrontEndOptions>>().Value.Insecure);
    }
}
