using System.Net;
using Microsoft.AspNetCore.Http;

namespace Grains.FrontEnd.Access;

/// <summary>
/// The start-up rule: an address that others can reach needs keys, or a clear word that it needs none.
/// </summary>
public static class AccessValidation
{
    /// <param name="urls">As Kestrel takes them: <c>http://127.0.0.1:8080</c>, <c>http://*:80</c>,
    /// <c>http://unix:/run/grains</c>.</param>
    /// <returns>One sentence per address that breaks the rule, or is none; empty = start.</returns>
    public static IReadOnlyList<string> Validate(IEnumerable<string> urls, bool keysConfigured, bool insecure)
    {
        var errors = new List<string>();
        foreach (string url in urls)
        {
            BindingAddress address;
            try
            {
                address = BindingAddress.Parse(url);
            }
            catch (FormatException)
            {
                errors.Add($"urls: '{url}' is not an address; write for example http://127.0.0.1:8080.");
                continue;
            }

            if (!IsLocal(address) && !keysConfigured && !insecure)
            {
                errors.Add($"urls: '{url}' can be reached by others and no keys are configured; "
                    + "give --keys FILE, bind http://127.0.0.1, or say --insecure.");
            }
        }

        return errors;
    }

    private static bool IsLocal(BindingAddress address) =>
        address.IsUnixPipe
        || address.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(address.Host, out IPAddress? ip) && IPAddress.IsLoopback(ip));
}
