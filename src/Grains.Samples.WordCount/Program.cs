using Grains.Samples.WordCount;

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    stop.Cancel();
};

try
{
    Options options = Options.Parse(args);
    if (options.Help)
    {
        Console.WriteLine(Options.Usage);
        return 0;
    }

    return options.IsWorker
        ? await new Worker(options.Servers).RunAsync(stop.Token)
        : await new WordCountRun(options).RunAsync(stop.Token);
}
catch (OptionsException wrong)
{
    Console.Error.WriteLine($"{wrong.Message}\n\n{Options.Usage}");
    return 2;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    Console.Error.WriteLine("interrupted");
    return 130;
}
catch (WordCountException failed)
{
    Console.Error.WriteLine($"\n{failed.Message}");
    return 1;
}
