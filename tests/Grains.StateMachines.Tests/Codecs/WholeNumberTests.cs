using Grains.StateMachines.Codecs;

namespace Grains.StateMachines.Tests.Codecs;

public sealed class WholeNumberTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("7", 7)]
    [InlineData("10", 10)]
    [InlineData("9223372036854775807", long.MaxValue)]
    public void A_number_has_one_form(string text, long value)
    {
        Assert.True(WholeNumber.TryParse(text, long.MaxValue, out long read));
        Assert.Equal(value, read);
        Assert.Equal(value, WholeNumber.Parse(text));
    }

    [Theory]
    [InlineData("")]
    [InlineData("00")]
    [InlineData("01")]
    [InlineData("+1")]
    [InlineData("-0")]
    [InlineData(" 1")]
    [InlineData("1 ")]
    [InlineData("1\0")]
    [InlineData(":")]
    [InlineData("1:")]
    [InlineData("/")]
    [InlineData("1/2")]
    [InlineData("1_000")]
    [InlineData("1e3")]
    [InlineData("0x1")]
    [InlineData("\u0661")]
    [InlineData("\uff11")]
    [InlineData("NaN")]
    [InlineData("9223372036854775808")]
    [InlineData("99999999999999999999")]
    public void Whatever_else_the_platform_takes_is_none(string text)
    {
        Assert.False(WholeNumber.TryParse(text, long.MaxValue, out long read));
        Assert.Equal(0, read);
        Assert.Throws<FormatException>(() => WholeNumber.Parse(text));
    }

    [Theory]
    [InlineData("99", true)]
    [InlineData("100", true)]
    [InlineData("101", false)]
    public void The_greatest_passes_and_no_greater(string text, bool fits)
    {
        Assert.Equal(fits, WholeNumber.TryParse(text, 100, out int _));
        Assert.Equal(fits, WholeNumber.TryParse(text, 100L, out long _));
    }

    [Theory]
    [InlineData("0", 0)]
    [InlineData("007", 7)]
    [InlineData("00000000000000000000000000000001", 1)]
    [InlineData("9223372036854775808", long.MaxValue)]
    [InlineData("99999999999999999999999", long.MaxValue)]
    public void Digits_may_begin_with_zeros_and_what_no_number_holds_is_the_greatest(string text, long value)
    {
        Assert.True(WholeNumber.TryParseDigits(text, out long read));
        Assert.Equal(value, read);
    }

    [Theory]
    [InlineData("")]
    [InlineData("+1")]
    [InlineData("1\0")]
    [InlineData("1:")]
    public void Digits_are_digits(string text) => Assert.False(WholeNumber.TryParseDigits(text, out _));
}
