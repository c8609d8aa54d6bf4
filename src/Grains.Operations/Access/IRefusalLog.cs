namespace Grains.Operations.Access;

/// <summary>A door's log of those that it did not let in: said at a bounded pace, the rest as a number.</summary>
public interface IRefusalLog
{
    /// <summary>Says what was held back and not said since, if it is time.</summary>
    void SumUp();
}
