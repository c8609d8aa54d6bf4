using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Grains.Silo.Tls;

/// <summary>What a server shows, and by what it judges the others: one consistent reading of the files.</summary>
internal sealed class TlsIdentity
{
    private const int _fileBytesMax = 1 << 20;

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
        string roots = Read(options.AuthorityFile);
        string chain = Read(options.CertificateFile);
        string key = Read(options.KeyFile);
        var identity = new TlsIdentity(
            Own(options, chain, key),
            Between(options.CertificateFile, chain),
            Roots(options.AuthorityFile, roots),
            Hash(roots, chain, key));
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
        Hash(Read(options.AuthorityFile), Read(options.CertificateFile), Read(options.KeyFile));

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

    private static X509Certificate2 Own(TlsOptions options, string chain, string key)
    {
        try
        {
            X509Certificate2 own = X509Certificate2.CreateFromPem(chain, key);

            // There the system's TLS cannot use a key that is only in memory.
            return OperatingSystem.IsWindows(
                ) ? X509CertificateLoader.LoadPkcs12(own.Export(X509ContentType.Pkcs12), null) : own;
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new TlsFileException(
                $"{options.CertificateFile} and {options.KeyFile} are not a certificate and its key in PEM, the key "
                + "not "
                + $"encrypted: {e.Message}",
                e);
        }
    }

    private static X509Certificate2Collection Between(string file, string chain)
    {
        X509Certificate2Collection all = Certificates(file, chain);
        all.RemoveAt(0);
        return all;
    }

    private static X509Certificate2Collection Roots(string file, string text)
    {
        X509Certificate2Collection roots = Certificates(file, text);
        return roots.All(r => r.SubjectName.RawData.AsSpan().SequenceEqual(r.IssuerName.RawData))
            ? roots
            : throw new TlsFileException(
                $"{file} holds a certificate that is no root. Put roots there, and what lies between into the "
                + "certificate's file.");
    }

    private static X509Certificate2Collection Certificates(string file, string text)
    {
        var found = new X509Certificate2Collection();
        try
        {
            found.ImportFromPem(text);
        }
        catch (CryptographicException e)
        {
            throw new TlsFileException($"{file} cannot be read: {e.Message}", e);
        }

        return found.Count > 0 ? found : throw new TlsFileException($"{file} holds no certificate in PEM.");
    }

    private static string Read(string file)
    {
        try
        {
            return new FileInfo(file).Length <= _fileBytesMax
                ? File.ReadAllText(file)
                : throw new TlsFileException($"{file} is larger than {_fileBytesMax} bytes: that is no certificate.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TlsFileException($"{file} cannot be read: {e.Message}", e);
        }
    }

    private static string Hash(params string[] texts) =>
        Convert.ToHexString(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(string.Join('\0', texts))));
}
