using Grains.Checkers.Linearizability;
using Grains.Checkers.Registers;

namespace Grains.Checkers.Tests.Linearizability;

/// <summary>
/// GRAINS_SEEDS may ask for more histories than the default; a failure names the one seed that shows it.
/// </summary>
public class DifferentialTests
{
    private const int _seedsMin = 20_000;

    private static readonly int _seeds =
        int.TryParse(Environment.GetEnvironmentVariable("GRAINS_SEEDS"), out int seeds) && seeds > _seedsMin
            ? seeds
            : _seedsMin;

    [Fact]
    public void The_search_agrees_with_trying_every_order()
    {
        int illegal = 0;
        for (int seed = 0; seed < _seeds; seed++)
        {
            IReadOnlyList<Operation<RegisterCall, RegisterResult>> history =
                RandomHistories.Next(new Random(seed), spoil: seed % 2 == 1);
            bool expected = PermutationChecker.IsLinearizable(new RegisterModel(), history);
            WglResult found = WglChecker.Check(new RegisterModel(), history);
            Assert.True(
                found.Verdict == (expected ? Verdict.Linearizable : Verdict.Illegal),
                $"seed {seed}: {found.Verdict}, but trying every order says {(expected ? "linearizable" : "illegal")}\n"
                + string.Join('\n', history));
            illegal += expected ? 0 : 1;
        }

        // If nothing were illegal the comparison would say little.
        Assert.True(illegal > _seeds / 50, $"only {illegal} of {_seeds} histories were illegal");
    }

    [Fact]
    public void A_history_of_a_correct_register_is_never_called_illegal()
    {
        for (int seed = 0; seed < _seeds; seed += 2)
        {
            WglResult found = WglChecker.Check(
                new RegisterModel(), RandomHistories.Next(new Random(seed), spoil: false));
            Assert.True(found.Verdict == Verdict.Linearizable, $"seed {seed}\n{found.Explanation}");
        }
    }
}
