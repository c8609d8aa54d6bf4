using System.Text;

namespace Grains.Journal;

/// <summary>Collects what is wrong with options, so that all of it is said at once: key, value, remedy.</summary>
public sealed class OptionsCheck(string whose)
{
    private readonly StringBuilder _wrong = new();

    public OptionsCheck Range(long value, long min, long max, string key) =>
        Holds(value >= min && value <= max, key, value, $"use {min} to {max}");

    public OptionsCheck Holds(bool holds, string key, object? value, string remedy)
    {
        if (!holds)
        {
            _wrong.Append($"{Environment.NewLine}  {key} = \"{value}\": {remedy}.");
        }

        return this;
    }

    /// <exception cref="ArgumentException">Something is wrong.</exception>
    public void ThrowIfWrong()
    {
        if (_wrong.Length > 0)
        {
            throw new ArgumentException($"The options of the {whose} cannot be used:{_wrong}");
        }
    }
}
