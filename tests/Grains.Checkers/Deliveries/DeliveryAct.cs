namespace Grains.Checkers.Deliveries;

public enum DeliveryActKind
{
    HandedOut = 1,

    /// <summary>The server said that the lease goes on.</summary>
    Renewed = 2,

    /// <summary>The server said that it counts, and not that it had said so before.</summary>
    Committed = 3,
}

/// <summary>Something that succeeded with a delivery of a node that has one at a time.</summary>
/// <param name="Token">Grows with every hand-out of the node.</param>
public sealed record DeliveryAct(DeliveryActKind Kind, string Node, long Token, long CallNs, long ReturnNs)
{
    public override string ToString() => $"{Kind} {Node} token {Token} [{CallNs / 1000} us, {ReturnNs / 1000} us]";
}
