using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;
using Grains.StateMachines.Nodes;
using Grains.StateMachines.Outboxes;
using Grains.StateMachines.Timers;

namespace Grains.StateMachines.Partitions;

/// <summary>The first answer again, for a command that was applied already.</summary>
internal static class Repeats
{
    private const int _countBits = 31;

    /// <summary>Two counts in one result.</summary>
    public static long Pack(int high, int low) => ((long)high << _countBits) | (uint)low;

    public static Answer Answer(Command command, in AppliedCommand applied, PartitionId partition)
    {
        var revision = new Revision(applied.Revision);
        return command switch
        {
            PutKey => new KeyWritten(revision, Created: applied.Result == 1),
            DeleteKey => new KeyWritten(revision, Created: false),
            SendMessage => new MessageAccepted(new MessageId(partition, revision, 0), Repeated: false),
            CommitDelivery => new Committed(revision, new Revision(applied.Result), Repeated: false),
            PutState => new StateWritten(revision, Created: applied.Result == 1),
            ChangeTimer => new TimerChanged(revision, Created: applied.Result == 1),
            PurgeNode => new Purged((int)(applied.Result >> _countBits), (int)(applied.Result & int.MaxValue)),
            SettleDeadLetters => new Settled((int)(applied.Result >> _countBits), (applied.Result & 1) == 1),
            SettleDeadLetter or ClearOutbox or CancelMessage or PauseNode => new Done(revision),
            _ => throw new InvalidOperationException($"A {command.GetType().Name} leaves nothing to repeat."),
        };
    }
}
