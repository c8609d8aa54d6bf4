using Grains.Server.Options;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Grains.Server;

/// <summary>
/// What is listened on, held against what was checked: the last look, after everything that could have added to it.
/// </summary>
internal static class BoundAddresses
{
    /// <exception cref="StartException">There is an address that nobody allowed.</exception>
    public static void Check(WebApplication server, GrainsOptions options)
    {
        ICollection<string> bound = server.Services.GetRequiredService<IServer>()
            .Features.GetRequiredFeature<IServerAddressesFeature>().Addresses;
        string[] stray = [.. bound.Where(address => !IsAllowed(address, options.Urls))];
        if (stray.Length > 0)
        {
            throw new StartException(
                $"It listens on {string.Join(", ", stray)}, which {Setting.Urls.Switch} does not name. Take away what "
                + "adds it.");
        }
    }

    private static bool IsAllowed(string address, IEnumerable<Uri> allowed) =>
        Uri.TryCreate(address, UriKind.Absolute, out Uri? bound)
        && allowed.Any(url => url.Scheme == bound.Scheme && url.Port == bound.Port
            && (url.Host == bound.Host
                || (!Loopback.Is(url.Host) && !Loopback.Is(bound.Host))
                || IsEither(url, bound)));

    /// <summary>A name that only this machine answers to is bound as its addresses.</summary>
    private static bool IsEither(Uri url, Uri bound) => url.Host == "localhost" && Loopback.Is(bound.Host);
}
