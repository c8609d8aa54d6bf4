using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Grains.Silo.Tests.Tls;

/// <summary>A root of a test's own that issues certificates, right and wrong ones.</summary>
internal sealed class TestAuthority : IDisposable
{
    private static readonly Oid _accepts = new("1.3.6.1.5.5.7.3.1");
    private static readonly Oid _connects = new("1.3.6.1.5.5.7.3.2");

    private static readonly Oid _any = new("2.5.29.37.0");

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _root;

    public TestAuthority(string name = "root")
    {
        _root = Request(name, _key, isAuthority: true)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30));
    }

    private TestAuthority(X509Certificate2 between, ECDsa key)
    {
        _root = between;
        _key = key;
    }

    public string Pem => _root.ExportCertificatePem();

    /// <summary>One between this root and the servers.</summary>
    public TestAuthority Between()
    {
        ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new TestAuthority(
            Issue(Request("between", key, isAuthority: true), DateTimeOffset.UtcNow.AddDays(20)), key);
    }

    public Issued Issue(
        string? name = "test", IPAddress? address = null, TimeSpan? lasts = null, bool accepts = true,
        bool connects = true,
        bool any = false)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = Request("server", key, isAuthority: false);
        var names = new SubjectAlternativeNameBuilder();
        if (name is not null)
        {
            names.AddDnsName(name);
        }

        if (address is not null)
        {
            names.AddIpAddress(address);
        }

        request.CertificateExtensions.Add(names.Build());
        var usages = new OidCollection();
        if (accepts)
        {
            usages.Add(_accepts);
        }

        if (connects)
        {
            usages.Add(_connects);
        }

        if (any)
        {
            usages.Add(_any);
        }

        if (usages.Count > 0)
        {
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(usages, critical: false));
        }

        using X509Certificate2 certificate = Issue(request, DateTimeOffset.UtcNow + (lasts ?? TimeSpan.FromDays(10)));
        return new Issued(certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    public void Dispose()
    {
        _root.Dispose();
        _key.Dispose();
    }

    private X509Certificate2 Issue(CertificateRequest request, DateTimeOffset until)
    {
        DateTimeOffset from = DateTimeOffset.UtcNow.AddHours(-12);
        return request.Create(
            _root.SubjectName, X509SignatureGenerator.CreateForECDsa(_key), from,
            until < from ? from.AddMinutes(1) : until,
            RandomNumberGenerator.GetBytes(12));
    }

    private static CertificateRequest Request(string name, ECDsa key, bool isAuthority)
    {
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, critical: true));
        return request;
    }
}

/// <summary>A certificate and its key, in PEM.</summary>
internal sealed record Issued(string Certificate, string Key);
