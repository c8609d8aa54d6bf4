using Grains.StateMachines.Ids;

namespace Grains.StateMachines.Mailboxes;

/// <summary>The first answer to a caller's idempotency key.</summary>
internal sealed record IdempotencyEntry(UInt128 Key, UInt128 Body, Place Message, long ExpiresAtMs);
