namespace Grains.StateMachines.Tests.Partitions;

public class ReplayProperties
{
    private const int _seedsByDefault = 60;

    /// <summary>Set GRAINS_SEEDS for more runs, GRAINS_SEED to repeat one.</summary>
    [Trait("Rule", "10")]
    [Fact]
    public void Replay_gives_the_same_state_and_every_accepted_message_counts_once_through_refused_records_and_crashes()
    {
        int seeds = int.Parse(Environment.GetEnvironmentVariable("GRAINS_SEEDS") ?? $"{_seedsByDefault}");
        int first = int.TryParse(Environment.GetEnvironmentVariable("GRAINS_SEED"), out int one)
            ? one
            : Random.Shared.Next(1 << 20);
        int last = Environment.GetEnvironmentVariable("GRAINS_SEED") is null ? first + seeds : first + 1;
        int commits = 0;
        for (int seed = first; seed < last; seed++)
        {
            var run = new RandomRun(seed);
            try
            {
                run.Run();
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Seed {seed} fails; repeat it with GRAINS_SEED={seed}.", e);
            }

            commits += run.Commits;
        }

        Assert.True(commits > (last - first) * 20, $"the workload commits: {commits} in {last - first} runs");
    }
}
