using Grains.Silo.Telemetry;

namespace Grains.Silo.Tests.Logs;

public sealed class LogTextTests
{
    [Theory]
    [InlineData("plain/name-1", "plain/name-1")]
    [InlineData("Grüße 世界 🎉", "Grüße 世界 🎉")]
    [InlineData("a\nb\rc\td\0e\u007ff", "a\\u000ab\\u000dc\\u0009d\\u0000e\\u007ff")]
    [InlineData("a\u0085b\u009bc", "a\\u0085b\\u009bc")]
    [InlineData("a\u2028b\u2029c", "a\\u2028b\\u2029c")]
    [InlineData("\u202eabc\u202c\u2066\u200f\u061c\u200b\ufeff", "\\u202eabc\\u202c\\u2066\\u200f\\u061c\\u200b\\ufeff")]
    [InlineData("\u001b[31mred", "\\u001b[31mred")]
    [InlineData("\U000e0041", "\\U000e0041")]
    public void What_would_leave_the_line_or_act_on_a_terminal_is_escaped(string text, string shown) =>
        Assert.Equal(shown, LogText.Of(text));

    [Fact]
    public void Half_a_surrogate_pair_is_escaped() =>
        Assert.Equal("\\ud800x\\udc00", LogText.Of(new string(['\ud800', 'x', '\udc00'])));

    [Theory]
    [InlineData(200, 0)]
    [InlineData(201, 1)]
    [InlineData(10_000, 9_800)]
    public void What_is_too_long_is_cut_and_counted(int chars, int cut) =>
        Assert.Equal(
            new string('x', chars - cut) + (cut == 0 ? "" : $"... ({cut} more)"), LogText.Of(new string('x', chars)));
}
