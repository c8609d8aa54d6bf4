using System.Net;
using Grains.Silo.Tls;

namespace Grains.Silo.Tests.Tls;

public sealed class TlsCertificatesTests
{
    [Fact]
    public void Files_that_others_would_refuse_are_refused_at_the_start_with_the_reason()
    {
        using var root = new TestAuthority();
        using var other = new TestAuthority("other");
        Issued good = root.Issue();
        AssertRefused("PartialChain", root.Pem, other.Issue());
        AssertRefused("NotTimeValid", root.Pem, root.Issue(lasts: TimeSpan.FromDays(-1)));
        AssertRefused("alternative names", root.Pem, root.Issue("elsewhere", IPAddress.Parse("10.1.2.3")));
        AssertRefused("NotValidForUsage", root.Pem, root.Issue(connects: false));
        AssertRefused("NotValidForUsage", root.Pem, root.Issue(accepts: false));
        AssertRefused("its key", root.Pem, good with { Key = root.Issue().Key });
        AssertRefused("its key", root.Pem, good with { Certificate = "nothing" });
        AssertRefused("no certificate in PEM", "nothing", good);
        using TestAuthority between = root.Between();
        AssertRefused("no root", between.Pem, between.Issue());
    }

    [Fact]
    public void A_file_that_is_not_there_is_named()
    {
        using var root = new TestAuthority();
        using var folder = new TlsFolder(root.Pem, root.Issue());
        File.Delete(folder.Options.KeyFile);
        Assert.Contains(
            folder.Options.KeyFile, Assert.Throws<TlsFileException>(() => TlsCertificates.Open(folder.Options)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_reload_takes_new_files_once_they_fit_together_and_keeps_the_old_ones_until_then()
    {
        using var root = new TestAuthority();
        using var folder = new TlsFolder(root.Pem, root.Issue());
        TlsCertificates certificates = TlsCertificates.Open(folder.Options);
        string first = certificates.Current.Certificate.Thumbprint;
        Assert.False(certificates.Reload());

        Issued next = root.Issue();
        folder.WriteCertificate(next.Certificate);
        Assert.Throws<TlsFileException>(() => certificates.Reload());
        Assert.Equal(first, certificates.Current.Certificate.Thumbprint);
        folder.WriteKey(next.Key);
        Assert.True(certificates.Reload());
        Assert.NotEqual(first, certificates.Current.Certificate.Thumbprint);
        Assert.False(certificates.Reload());
    }

    private static void AssertRefused(string why, string roots, Issued issued)
    {
        using var folder = new TlsFolder(roots, issued);
        Assert.Contains(why, Assert.Throws<TlsFileException>(() => TlsCertificates.Open(folder.Options)).Message,
            StringComparison.Ordinal);
    }
}
