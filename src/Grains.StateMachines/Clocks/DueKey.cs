using Grains.StateMachines.Ids;

namespace Grains.StateMachines.Clocks;

/// <summary>A message whose time comes.</summary>
internal readonly record struct DueKey(Timeline Line, long AtMs, Place Place) : IComparable<DueKey>
{
    public static DueKey FirstOf(Timeline line) => new(line, 0, default);

    public bool IsOver(in Moment now) => AtMs <= now.On(Line);

    public int CompareTo(DueKey other)
    {
        int order = ((byte)Line).CompareTo((byte)other.Line);
        order = order != 0 ? order : AtMs.CompareTo(other.AtMs);
        return order != 0 ? order : Place.CompareTo(other.Place);
    }
}
