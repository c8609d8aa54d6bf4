namespace Grains.Samples.WordCount;

/// <summary>One line that is written over; nothing where the output is not a screen.</summary>
internal sealed class Progress
{
    private int _width;

    public void Show(string text)
    {
        if (!Console.IsOutputRedirected)
        {
            Console.Write($"\r{text.PadRight(_width)}");
            _width = text.Length;
        }
    }

    public void End()
    {
        if (_width > 0)
        {
            Console.WriteLine();
        }
    }
}
