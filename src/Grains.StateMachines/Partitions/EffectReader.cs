using Grains.StateMachines.Codecs;
using Grains.StateMachines.Keyspaces;
using Grains.StateMachines.Nodes;
using Grains.StateMachines.Outboxes;
using Grains.StateMachines.Replies;
using Grains.StateMachines.Timers;

namespace Grains.StateMachines.Partitions;

/// <summary>Bytes → effect.</summary>
internal static class EffectReader
{
    public static Effect Read(EffectKind kind, ref RecordReader from) => kind switch
    {
        EffectKind.KeyPut => KeyPut.Read(ref from),
        EffectKind.KeyDeleted => KeyDeleted.Read(ref from),
        EffectKind.MessageAccepted => MessageAcceptedEffect.Read(ref from),
        EffectKind.MessagesAcknowledged => MessagesAcknowledged.Read(ref from),
        EffectKind.StateSet => StateSet.Read(ref from),
        EffectKind.StateRemoved => StateRemoved.Read(ref from),
        EffectKind.AttemptsStarted => AttemptsStarted.Read(ref from),
        EffectKind.MessagesDeadLettered => MessagesDeadLettered.Read(ref from),
        EffectKind.OutboxAdded => OutboxAdded.Read(ref from),
        EffectKind.OutboxCleared => OutboxCleared.Read(ref from),
        EffectKind.SourceAdvanced => SourceAdvanced.Read(ref from),
        EffectKind.IdempotencyRemembered => IdempotencyRemembered.Read(ref from),
        EffectKind.CommandApplied => CommandApplied.Read(ref from),
        EffectKind.DeliveryCommitted => DeliveryCommitted.Read(ref from),
        EffectKind.DeadLetterRetried => DeadLetterRetried.Read(ref from),
        EffectKind.DeadLetterDiscarded => DeadLetterDiscarded.Read(ref from),
        EffectKind.NodePurged => NodePurged.Read(ref from),
        EffectKind.ScopeDropped => ScopeDropped.Read(ref from),
        EffectKind.LeaseHandedOver => LeaseHandedOver.Read(ref from),
        EffectKind.HoldHandedOver => HoldHandedOver.Read(ref from),
        EffectKind.AttemptsReturned => AttemptsReturned.Read(ref from),
        EffectKind.MessageDelayed => MessageDelayed.Read(ref from),
        EffectKind.MessageDue => MessageDue.Read(ref from),
        EffectKind.MessageCancelled => MessageCancelled.Read(ref from),
        EffectKind.NodePaused => NodePaused.Read(ref from),
        EffectKind.MessageExpired => MessageExpired.Read(ref from),
        EffectKind.ReplyKept => ReplyKept.Read(ref from),
        EffectKind.ReplyPromised => ReplyPromised.Read(ref from),
        EffectKind.TimerSet => TimerSet.Read(ref from),
        EffectKind.TimerRemoved => TimerRemoved.Read(ref from),
        EffectKind.TimerFired => TimerFired.Read(ref from),
        EffectKind.TimerHeld => TimerHeld.Read(ref from),
        EffectKind.TimerMoved => TimerMoved.Read(ref from),
        _ => throw new FormatException($"Effect kind {(byte)kind} is not known to this version."),
    };
}
