using System.Diagnostics;
using Grains.Silo.Partitions;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;
using static Grains.Silo.Tests.Partitions.PartitionWorld;

namespace Grains.Silo.Tests.Cluster;

/// <summary>Puts to every partition without a pause, until told to stop.</summary>
internal sealed class SteadyPuts : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _work;

    public SteadyPuts(IPartitions partitions)
    {
        Successes = partitions.Slots.Partitions.ToDictionary(p => p, _ => 0);
        _work = Task.WhenAll(partitions.Slots.Partitions.Select(p => Task.Run(() => RunAsync(partitions, p))));
    }

    public Dictionary<PartitionId, int> Successes { get; }

    public List<string> Failures { get; } = [];

    public TimeSpan Longest { get; private set; }

    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _work;
    }

    public async ValueTask DisposeAsync() => await StopAsync();

    private async Task RunAsync(IPartitions partitions, PartitionId partition)
    {
        int number = 0;
        while (!_stop.IsCancellationRequested)
        {
            long begun = Stopwatch.GetTimestamp();
            string outcome;
            try
            {
                Answer answer = await partitions.ExecuteAsync(partition, Put("steady", $"{number++}"), default);
                outcome = answer is KeyWritten ? "" : $"{answer}";
            }
            catch (Exception e)
            {
                outcome = e.Message;
            }

            lock (Failures)
            {
                if (outcome.Length > 0)
                {
                    Failures.Add($"{partition}: {outcome}");
                }
                else
                {
                    Successes[partition]++;
                }

                TimeSpan took = Stopwatch.GetElapsedTime(begun);
                Longest = took > Longest ? took : Longest;
            }

            await Task.Delay(1);
        }
    }
}
