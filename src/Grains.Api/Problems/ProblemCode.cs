namespace Grains.Api.Problems;

/// <summary>
/// Every reason for which a request is refused. The code on the wire is the name in lower case with hyphens
/// (<see cref="BadPath"/> → <c>bad-path</c>) and is stable; <see cref="ErrorCatalog"/> holds what goes with it.
/// </summary>
public enum ProblemCode
{
    BadPath,
    BadName,
    BadId,
    BadHeader,
    BadParameter,
    BadJson,
    BadField,
    BadBody,
    Unauthenticated,
    Forbidden,
    RouteNotFound,
    KeyspaceNotFound,
    KeyNotFound,
    ServiceNotFound,
    NodeNotFound,
    StateNotFound,
    SecretNotFound,
    MessageNotFound,
    ServerNotFound,
    MethodNotAllowed,
    BodyTooSlow,
    KeyspaceImmutable,
    DeliveryGone,
    NotHeld,
    DeclarationBusy,
    FormatNotKnown,
    BackupRunning,
    HistoryChanged,
    VersionMismatch,
    TooLarge,
    UnsupportedMediaType,
    IdempotencyMismatch,
    CrossPartition,
    MailboxFull,
    Overloaded,
    Internal,
    NotStored,
    Unavailable,
    CommandTooOld,
    PartitionFull,
}
