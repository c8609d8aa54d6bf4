using Grains.Benchmarks.Loads;

namespace Grains.Benchmarks.Postgres;

/// <summary>
/// Contenders that take turns at one piece of work, so that what else the machine and its disk do falls on all of them.
/// </summary>
/// <param name="Callers">Each waits for its answer before it asks again.</param>
/// <param name="PerStep">Puts or messages that one step is.</param>
/// <param name="Rounds">Turns of each.</param>
/// <param name="Length">Of one turn.</param>
internal sealed record Turns(int Callers, int PerStep, int Rounds, TimeSpan Length)
{
    private static readonly TimeSpan _trialMax = TimeSpan.FromSeconds(1.5);

    public async Task<Outcome[]> TakeAsync(
        IReadOnlyList<Contender> contenders, Func<Contender, IReadOnlyList<Way>> ways)
    {
        List<Outcome> outcomes = [];
        List<Work> works = [];
        try
        {
            foreach (Contender contender in contenders)
            {
                Way best = await BestAsync(ways(contender));
                outcomes.Add(new Outcome(contender, best.Name));
                works.Add(await best.OpenAsync());
                await TurnAsync(works[^1], Trial);
            }

            foreach (Outcome outcome in outcomes)
            {
                await outcome.BeginAsync();
            }

            for (int round = 0; round < Rounds; round++)
            {
                for (int i = 0; i < works.Count; i++)
                {
                    TimeSpan servers = outcomes[i].Contender.ServersCpu;
                    LoopResult turn = await TurnAsync(works[i], Length);
                    outcomes[i].Add(turn, PerStep, outcomes[i].Contender.ServersCpu - servers);
                }
            }

            foreach (Outcome outcome in outcomes)
            {
                await outcome.EndAsync();
            }

            return [.. outcomes];
        }
        finally
        {
            foreach (Work work in works)
            {
                await work.DisposeAsync();
            }
        }
    }

    private TimeSpan Trial => Length < _trialMax ? Length : _trialMax;

    private async Task<Way> BestAsync(IReadOnlyList<Way> ways)
    {
        if (ways.Count == 1)
        {
            return ways[0];
        }

        List<(Way Way, double PerSecond)> tried = [];
        foreach (Way way in ways)
        {
            await using Work work = await way.OpenAsync();
            await TurnAsync(work, Trial / 3);
            tried.Add((way, (await TurnAsync(work, Trial)).PerSecond * PerStep));
        }

        string all = string.Join(", ", tried.Select(t => $"{t.Way.Name} {t.PerSecond:N0}/s"));
        Console.WriteLine($"  tried at {Callers}: {all}");
        return tried.MaxBy(t => t.PerSecond).Way;
    }

    private Task<LoopResult> TurnAsync(Work work, TimeSpan length) => ClosedLoop.RunAsync(Callers, length, work.Step);
}
