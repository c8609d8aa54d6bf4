using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Grains.Silo.Tls;

/// <summary>
/// Whether a certificate speaks for a server of this cluster: a root of ours vouches for it, for this use and now, and
/// it names the cluster or the address that is spoken with. Names of subjects and wildcards count for nothing.
/// </summary>
internal static class PeerRules
{
    /// <returns>Null: it does.</returns>
    public static string? Refuse(
        X509Certificate2 certificate, X509ChainPolicy policy, PeerPurpose purpose, IPAddress? peer, string cluster)
    {
        using var chain = new X509Chain { ChainPolicy = policy };
        return chain.Build(certificate)
            ? RefuseUse(certificate, purpose) ?? RefuseName(certificate, peer, cluster)
            : Describe(chain);
    }

    /// <summary>Why a chain leads to no root of ours, in the words of .NET and of the system.</summary>
    public static string Describe(X509Chain? chain) =>
        string.Join(
            ", ",
            chain?.ChainStatus.Select(s => $"{s.Status} ({s.StatusInformation.TrimEnd('.', ' ')})").Distinct() ?? []);

    /// <summary>
    /// A chain takes a certificate without the extension, or with "any" in it, for every use. Here the use is named, or
    /// it is none: a certificate that somebody got for something else is no server of the cluster.
    /// </summary>
    public static string? RefuseUse(X509Certificate2 certificate, PeerPurpose purpose) =>
        certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>()
            .Any(e => e.EnhancedKeyUsages.Cast<Oid>().Any(u => u.Value == purpose.Usage.Value))
            ? null
            : $"its extended key usage does not name {purpose.Name}";

    public static string? RefuseName(X509Certificate2 certificate, IPAddress? peer, string cluster)
    {
        IPAddress? address = peer is { IsIPv4MappedToIPv6: true } ? peer.MapToIPv4() : peer;
        return Names(certificate, cluster) || (address is not null && Names(certificate, address.ToString()))
            ? null
            : $"its subject alternative names are neither the DNS name {cluster} nor the address {address}";
    }

    private static bool Names(X509Certificate2 certificate, string name) =>
        certificate.MatchesHostname(name, allowWildcards: false, allowCommonName: false);
}

/// <summary>What a peer does in a connection, and the extended key usage that lets it.</summary>
internal sealed record PeerPurpose(string Name, Oid Usage)
{
    public static readonly PeerPurpose Accepts = new("serverAuth", new Oid("1.3.6.1.5.5.7.3.1"));
    public static readonly PeerPurpose Connects = new("clientAuth", new Oid("1.3.6.1.5.5.7.3.2"));
}
