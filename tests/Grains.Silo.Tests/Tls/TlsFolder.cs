using System.Net;
using Grains.Silo.Tls;

namespace Grains.Silo.Tests.Tls;

/// <summary>The three files of a server, in a folder that goes with the test.</summary>
internal sealed class TlsFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("grains-tls-");

    public TlsFolder(string authorities, Issued issued) => Write(authorities, issued);

    public TlsOptions Options => new()
    {
        AuthorityFile = Path.Combine(_folder.FullName, "ca.pem"),
        CertificateFile = Path.Combine(_folder.FullName, "cert.pem"),
        KeyFile = Path.Combine(_folder.FullName, "key.pem"),
        Cluster = "test",
        Address = IPAddress.Loopback,
        ReloadEvery = TimeSpan.FromMilliseconds(20),
        HandshakeDeadline = TimeSpan.FromSeconds(2),
    };

    public void Write(string authorities, Issued issued)
    {
        WriteAuthorities(authorities);
        WriteCertificate(issued.Certificate);
        WriteKey(issued.Key);
    }

    public void WriteAuthorities(string pem) => File.WriteAllText(Options.AuthorityFile, pem);

    public void WriteCertificate(string pem) => File.WriteAllText(Options.CertificateFile, pem);

    public void WriteKey(string pem) => File.WriteAllText(Options.KeyFile, pem);

    public void Dispose() => _folder.Delete(recursive: true);
}
