using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Grains.Silo.Tls;

/// <summary>What a server shows, and by what it judges the others: one consistent reading of the files.</summary>
internal sealed class TlsIdentity
{
    private readonly X509Certificate2Collection _roots;
    private readonly X509Certificate2Collection _between;

    private TlsIdentity(
        X509Certificate2 own, X509Certificate2Collection between, X509Certificate2Collection roots, string digest)
    {
        Certificate = own;
        _between = between;
        _roots = roots;
        Digest = digest;
        Context = SslStreamCertificateContext.Create(own, between, offline: true);
    }

    public X509Certificate2 Certificate { get; }

    public SslStreamCertificateContext Context { get; }

    /// <summary>Equal for equal contents of the files.</summary>
    public string Digest { get; }

    /// <exception cref="TlsFileException">
    /// The other servers would refuse this one, or it would refuse all of them.
    /// </exception>
    public static TlsIdentity Load(TlsOptions options)
    {
        string roots = PemFiles.Read(options.AuthorityFile);
        string chain = PemFiles.Read(options.CertificateFile);
        string key = PemFiles.Read(options.KeyFile);
        var identity = new TlsIdentity(
            PemFiles.Own(options.CertificateFile, options.KeyFile, chain, key),
            PemFiles.Between(options.CertificateFile, chain),
            Roots(options.AuthorityFile, roots),
            PemFiles.Hash(roots, chain, key));
        foreach (PeerPurpose purpose in new[] { PeerPurpose.Accepts, PeerPurpose.Connects })
        {
            if (PeerRules.Refuse(
                    identity.Certificate, identity.Policy(purpose), purpose, options.Address, options.Cluster)
                is { } refusal)
            {
                throw new TlsFileException(
                    $"The other servers would refuse the certificate in {options.CertificateFile}: {refusal}. "
                    + "Issue another one.");
            }
        }

        return identity;
    }

    /// <summary>The digest of what the files hold now, whether it can be used or not.</summary>
    public static string DigestOf(TlsOptions options) =>
        PemFiles.Hash(
            PemFiles.Read(options.AuthorityFile), PemFiles.Read(options.CertificateFile),
            PemFiles.Read(options.KeyFile));

    /// <summary>How the certificate of another server is judged. A new one each time: chains are not shared.</summary>
    public X509ChainPolicy Policy(PeerPurpose purpose)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(_roots);
        policy.ExtraStore.AddRange(_between);
        policy.ApplicationPolicy.Add(purpose.Usage);
        return policy;
    }

    private static X509Certificate2Collection Roots(string file, string text)
    {
        X509Certificate2Collection roots = PemFiles.Certificates(file, text);
        return roots.All(r => r.SubjectName.RawData.AsSpan().SequenceEqual(r.IssuerName.RawData))
            ? roots
            : throw new TlsFileException(
                $"{file} holds a certificate that is no root. Put roots there, and what lies between into the "
                + "certificate's file.");
    }
}
