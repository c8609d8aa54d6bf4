using System.Globalization;

namespace Grains.StateMachines.Tests.Transcripts;

/// <summary>
/// A verb and its words: <c>name=value</c>, or a name alone. A word that nothing asks for is a mistake of the
/// transcript.
/// </summary>
internal sealed class TranscriptLine
{
    private readonly Dictionary<string, string> _words;
    private readonly HashSet<string> _used = ["as"];

    public TranscriptLine(string text)
    {
        string[] parts = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        (Text, Verb) = (text, parts[0]);
        _words = parts[1..].Select(p => p.Split('=', 2)).ToDictionary(p => p[0], p => p.Length > 1 ? p[1] : "");
    }

    public string Text { get; }

    public string Verb { get; }

    public bool Has(string name) => _words.ContainsKey(name) && (_used.Add(name) || true);

    public string Word(string name) => Word(name, null) ?? throw new FormatException($"\"{Text}\" needs {name}=.");

    public string? Word(string name, string? other)
    {
        _used.Add(name);
        return _words.GetValueOrDefault(name, other!);
    }

    public long Number(string name) => long.Parse(Word(name), CultureInfo.InvariantCulture);

    public long Number(string name, long other) => Has(name) ? Number(name) : other;

    public void MustBeUsedUp()
    {
        if (_words.Keys.FirstOrDefault(w => !_used.Contains(w)) is { } unknown)
        {
            throw new FormatException($"\"{Text}\": {Verb} knows no {unknown}.");
        }
    }
}
