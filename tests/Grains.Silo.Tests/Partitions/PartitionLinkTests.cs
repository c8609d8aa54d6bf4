using Grains.Silo.Routing;

namespace Grains.Silo.Tests.Partitions;

public sealed class PartitionLinkTests
{
    public static TheoryData<Exception> Unknown =>
        [new TimeoutException("no answer"), new SiloUnavailableException("gone"), new InvalidOperationException("broken")];

    public static TheoryData<Exception> CertainlyNothing =>
        [new LimitExceededException("too many"), new GatewayTooBusyException("busy")];

    [Theory]
    [MemberData(nameof(Unknown))]
    public void A_call_that_ended_without_an_answer_may_have_happened(Exception e) =>
        Assert.True(PartitionLink.Lost(e).MayHaveHappened);

    [Theory]
    [MemberData(nameof(CertainlyNothing))]
    public void A_call_that_was_never_taken_did_nothing(Exception e) =>
        Assert.False(PartitionLink.Lost(e).MayHaveHappened);
}
