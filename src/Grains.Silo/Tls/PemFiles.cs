using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Grains.Silo.Tls;

/// <summary>Certificates and keys in PEM; what is wrong with a file is said so that it can be mended.</summary>
internal static class PemFiles
{
    private const int _fileBytesMax = 1 << 20;

    /// <exception cref="TlsFileException">It is missing, or no such file.</exception>
    public static string Read(string file)
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

    /// <summary>The first certificate of a file, with its key.</summary>
    /// <exception cref="TlsFileException">They do not belong together, or are none.</exception>
    public static X509Certificate2 Own(string certificateFile, string keyFile, string chain, string key)
    {
        try
        {
            X509Certificate2 own = X509Certificate2.CreateFromPem(chain, key);

            // There the system's TLS cannot use a key that is only in memory.
            return OperatingSystem.IsWindows()
                ? X509CertificateLoader.LoadPkcs12(own.Export(X509ContentType.Pkcs12), null)
                : own;
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new TlsFileException(
                $"{certificateFile} and {keyFile} are not a certificate and its key in PEM, the key not encrypted: "
                + $"{e.Message}",
                e);
        }
    }

    /// <summary>Those after the first.</summary>
    public static X509Certificate2Collection Between(string file, string chain)
    {
        X509Certificate2Collection all = Certificates(file, chain);
        all.RemoveAt(0);
        return all;
    }

    /// <exception cref="TlsFileException">There is none.</exception>
    public static X509Certificate2Collection Certificates(string file, string text)
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

    public static string Hash(params string[] texts) =>
        Convert.ToHexString(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(string.Join('\0', texts))));
}
