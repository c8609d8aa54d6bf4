using System.Diagnostics;

namespace Grains.Journal.Tests.Postgres;

/// <summary>
/// Appends as a partition's loop does: repeats what is undecided until it is decided, acquires again when it is fenced,
/// and keeps the chains of everything that it was told is durable.
/// </summary>
public sealed class RepeatingOwner(IJournal journal, StateMachines.Ids.PartitionId partition)
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);

    /// <summary>The last revision and chain of every append that was answered with Durable.</summary>
    public List<JournalTail> Acknowledged { get; } = [];

    public int Undecided { get; private set; }

    public int Refused { get; private set; }

    public async Task RunAsync(Func<bool> goOn)
    {
        Owner owner = await AcquireAsync();
        for (int i = 0; goOn(); i++)
        {
            JournalAppend append = owner.Next($"{partition} {i} {new string('x', i % 300)}", count: 1 + (i % 3));
            AppendStatus status = await DecideAsync(append);
            if (status == AppendStatus.Durable)
            {
                Acknowledged.Add(append.Next);
                owner = new Owner(journal, partition, owner.Epoch, append.Next);
            }
            else if (status == AppendStatus.Fenced)
            {
                owner = await AcquireAsync();
            }
        }
    }

    /// <summary>Everything acknowledged is there, in an unbroken chain.</summary>
    public async Task CheckAsync(IJournal after)
    {
        HashSet<JournalTail> kept = [.. (await after.RecordsAsync(partition)).Select(r => r.Tail)];
        Assert.All(Acknowledged, tail => Assert.Contains(tail, kept));
    }

    private async Task<AppendStatus> DecideAsync(JournalAppend append)
    {
        Stopwatch waited = Stopwatch.StartNew();
        for (int repeats = 0; waited.Elapsed < _patience; repeats++)
        {
            AppendOutcome outcome = await journal.AppendAsync(append, CancellationToken.None);
            if (outcome.Status is AppendStatus.Durable or AppendStatus.Fenced)
            {
                return outcome.Status;
            }

            if (outcome.Status == AppendStatus.Refused && repeats == 0)
            {
                Refused++;
                return AppendStatus.Refused;
            }

            Undecided++;
            await Task.Delay(10);
        }

        throw new TimeoutException(
            $"The append {append.Next.Revision} of {partition} was not decided within {_patience}.");
    }

    private async Task<Owner> AcquireAsync()
    {
        for (Stopwatch waited = Stopwatch.StartNew(); ; await Task.Delay(50))
        {
            try
            {
                return await Owner.AcquireAsync(journal, partition, $"{partition}");
            }
            catch (JournalUnavailableException) when (waited.Elapsed < _patience)
            {
                // Postgres is down; that is what the test is about.
            }
        }
    }
}
