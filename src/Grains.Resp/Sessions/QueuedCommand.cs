using Grains.Resp.Replies;
using Grains.StateMachines.Keyspaces;

namespace Grains.Resp.Sessions;

/// <summary>
/// A command of a transaction that waits for EXEC: a reply that is known, or actions of keys and their reply.
/// </summary>
internal sealed record QueuedCommand(Pending? Known, KeyAction[] Actions, KeyReply? Reply, bool WantsValue);
