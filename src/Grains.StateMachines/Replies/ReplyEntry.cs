using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;

namespace Grains.StateMachines.Replies;

/// <summary>A reply that is kept, or (without content) promised, because the message was sent on.</summary>
/// <param name="Message">To which.</param>
/// <param name="At">When it was, among all that are kept.</param>
/// <param name="UntilMs">It is forgotten then, ms since 1970.</param>
/// <param name="Content">Null = promised.</param>
/// <param name="Scope">The service of the message.</param>
internal sealed record ReplyEntry(Place Message, Place At, long UntilMs, MessageContent? Content, long Scope)
{
    /// <summary>What a reply costs beside its content, counted against the budget.</summary>
    public const int OverheadBytes = 300;

    public long Bytes => OverheadBytes + (Content?.SizeBytes ?? 0);
}
