using Grains.StateMachines.Keyspaces;
using Grains.StateMachines.Mailboxes;
using Grains.StateMachines.Tests.Partitions;

namespace Grains.StateMachines.Tests.Codecs;

public class LargestTests
{
    private readonly TestPartition _partition = new();

    [Fact]
    public void The_largest_values_states_and_messages_fit_into_chunks_that_a_journal_takes()
    {
        const int journalTakes = 2 << 20;
        for (int i = 0; i < 3; i++)
        {
            _partition.Do<KeyWritten>(_partition.Put($"small{i}", new string('x', 250_000)));
            _partition.Do<KeyWritten>(_partition.Put($"value{i}", new string('x', 1 << 20)));
            _partition.Do<MessageAccepted>(_partition.Send($"n{i}", new string('x', 1 << 20)));
        }

        int[] sizes = [.. _partition.Machine.Capture().Chunks().Select(c => c.Length)];
        Assert.True(sizes.Max() is > 1 << 20 and < journalTakes, $"the largest chunk has {sizes.Max()} bytes");
    }
}
