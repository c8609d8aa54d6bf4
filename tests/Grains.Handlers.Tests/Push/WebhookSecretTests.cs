using Grains.Operations.Declarations;

namespace Grains.Handlers.Tests.Push;

public sealed class WebhookSecretTests
{
    [Theory]
    [InlineData("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", true)]
    [InlineData("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", false)]
    [InlineData("whsec_AAAA", false)]
    [InlineData("whsec_", false)]
    [InlineData("whsec_not base64 not base64 not base64 not", false)]
    public void A_secret_is_whsec_and_24_to_64_bytes(string text, bool valid)
    {
        Assert.Equal(valid, WebhookSecret.TryParse(text, out WebhookSecret? secret));
        Assert.Equal(valid ? text : null, secret?.Expose());
    }

    /// <summary>The example that the libraries of Standard Webhooks are tested with.</summary>
    [Fact]
    public void It_signs_as_Standard_Webhooks_does()
    {
        Assert.True(WebhookSecret.TryParse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", out WebhookSecret? secret));
        Assert.Equal(
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            secret.Sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, """{"test": 2432232314}"""u8));
    }

    [Fact]
    public void It_shows_itself_only_when_asked()
    {
        WebhookSecret secret = WebhookSecret.Generate();
        Assert.DoesNotContain(secret.Expose()[6..], $"{secret}", StringComparison.Ordinal);
        Assert.NotEqual(secret, WebhookSecret.Generate());
        Assert.True(WebhookSecret.TryParse(secret.Expose(), out WebhookSecret? same));
        Assert.Equal(secret, same);
    }
}
