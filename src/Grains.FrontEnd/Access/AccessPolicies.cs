using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Grains.FrontEnd.Access;

/// <summary>Chooses the policy at start.</summary>
internal static class AccessPolicies
{
    public static IAccessPolicy Create(IServiceProvider services)
    {
        FrontEndOptions options = services.GetRequiredService<IOptions<FrontEndOptions>>().Value;
        if (options.KeysFile is not { } path)
        {
            return new OpenAccess(options.Insecure);
        }

        (IReadOnlyList<AccessKey> keys, IReadOnlyList<string> errors) = KeysFile.Read(path);
        return errors.Count == 0
            ? new KeyAccess(keys)
            : throw new InvalidOperationException($"The keys file '{path}' cannot be used: {string.Join(" ", errors)}");
    }
}
