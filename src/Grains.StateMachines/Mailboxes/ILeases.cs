using Grains.StateMachines.Ids;

namespace Grains.StateMachines.Mailboxes;

/// <summary>What mailboxes ask of, and tell, whoever hands their messages out.</summary>
internal interface ILeases
{
    /// <summary>
    /// Nodes to which messages came back whose time is over, or where such were met when the next were chosen.
    /// </summary>
    IReadOnlyCollection<ScopedName> Overdue { get; }

    /// <summary>The message is leased.</summary>
    bool Holds(Message message);

    /// <summary>It is leased, or about to go out.</summary>
    bool Wants(Message message);

    /// <summary>How many messages of the node are leased.</summary>
    int HeldBy(in ScopedName node);

    /// <summary>Attempts at it that began and are not on record.</summary>
    int UnrecordedStarts(Message message);

    /// <summary>Something came for the node: look again whether it can be handed out.</summary>
    void Touch(in ScopedName node);

    /// <summary>The node is emptied by this batch: its delivery is lost.</summary>
    void Lose(in ScopedName node);

    /// <summary>What is overdue there goes with this batch.</summary>
    void LookedAt(in ScopedName overdue);
}
