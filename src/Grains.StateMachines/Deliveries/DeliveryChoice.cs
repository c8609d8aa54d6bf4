using Grains.StateMachines.Mailboxes;

namespace Grains.StateMachines.Deliveries;

/// <summary>Which of a node's messages go out next.</summary>
internal static class DeliveryChoice
{
    /// <summary>
    /// A message that was leased twice, or is at its last attempt, goes alone, so that one that nobody can handle takes
    /// no other to the dead letters. After one failure it does not yet: most of those are a lost worker, and meant no
    /// message. <see cref="AttemptStarts"/> counts on it: the second of two attempts was alone where two or fewer are
    /// allowed, the third always.
    /// </summary>
    /// <param name="mail">Of the partition.</param>
    /// <param name="node">The number of the node.</param>
    /// <param name="command">Who asks.</param>
    /// <param name="nowMs">What expires by now is passed over.</param>
    /// <param name="isOverdue">Something was.</param>
    public static Message[] Of(MailboxTables mail, long node, Receive command, long nowMs, out bool isOverdue)
    {
        isOverdue = false;
        int limit = Math.Clamp(command.MaxMessages, 1, mail.State.Limits.DeliveryMessagesMax);
        long bytes = 0;
        int passedOver = 0;
        List<Message> chosen = [];
        foreach ((MailboxKey key, Message message) in mail.Mailboxes.From(
            new MailboxKey(node, MailboxPart.Waiting, default)))
        {
            if (key.Node != node || key.Part != MailboxPart.Waiting || chosen.Count == limit)
            {
                break;
            }

            if (message.Content.Metadata?.IsExpired(nowMs) == true)
            {
                isOverdue = true;
                if (++passedOver == mail.State.Limits.SweepMax)
                {
                    break;
                }

                continue;
            }

            bytes += message.Content.SizeBytes;
            if (chosen.Count > 0
                && (bytes > mail.State.Limits.DeliveryBytesMax || GoesAlone(message) || GoesAlone(chosen[^1])))
            {
                break;
            }

            chosen.Add(message);
        }

        return [.. chosen];

        bool GoesAlone(Message message) => message.Attempts > 1 || (message.Attempts == 1 && command.MaxAttempts <= 2);
    }
}
