namespace Grains.Api.Problems;

/// <summary>
/// Every reason for which a request is refused. The code on the wire is the name in lower case with hyphens
/// (<see cref="BadPath"/> → <c>bad-path</c>) and is stable; <see cref="ErrorCatalog"/> holds what goes with it.
/// </summary>
public enum ProblemCode
{
    /// <summary>400: the path is not usable.</summary>
    BadPath,

    /// <summary>400: a name in the request breaks a rule.</summary>
    BadName,

    /// <summary>400: an id was not given out by this system.</summary>
    BadId,

    /// <summary>400: a header is not usable.</summary>
    BadHeader,

    /// <summary>400: a query parameter is not usable.</summary>
    BadParameter,

    /// <summary>400: the body is not the JSON that was expected.</summary>
    BadJson,

    /// <summary>400: a member of the body is out of its range.</summary>
    BadField,

    /// <summary>400: the body did not arrive whole.</summary>
    BadBody,

    /// <summary>401: a valid key is needed.</summary>
    Unauthenticated,

    /// <summary>403: this caller may not do that.</summary>
    Forbidden,

    /// <summary>404: there is no such route.</summary>
    RouteNotFound,

    /// <summary>404: there is no such keyspace.</summary>
    KeyspaceNotFound,

    /// <summary>404: there is no such key.</summary>
    KeyNotFound,

    /// <summary>404: there is no such service.</summary>
    ServiceNotFound,

    /// <summary>404: there is no such node: it was never sent anything, or is forgotten.</summary>
    NodeNotFound,

    /// <summary>404: the node has no state.</summary>
    StateNotFound,

    /// <summary>404: the service has no secret.</summary>
    SecretNotFound,

    /// <summary>404: there is no such message.</summary>
    MessageNotFound,

    /// <summary>404: the node has no such timer.</summary>
    TimerNotFound,

    /// <summary>404: there is no such server.</summary>
    ServerNotFound,

    /// <summary>405: the route has no such method.</summary>
    MethodNotAllowed,

    /// <summary>408: the body arrived too slowly.</summary>
    BodyTooSlow,

    /// <summary>409: a keyspace keeps its layout.</summary>
    KeyspaceImmutable,

    /// <summary>409: the value is no integer that can be added to.</summary>
    NotANumber,

    /// <summary>409: the delivery has ended.</summary>
    DeliveryGone,

    /// <summary>409: the delivery does not hold that message.</summary>
    NotHeld,

    /// <summary>409: the message is with its handler.</summary>
    MessageDelivered,

    /// <summary>409: others keep changing the declaration.</summary>
    DeclarationBusy,

    /// <summary>409: some server cannot read that format.</summary>
    FormatNotKnown,

    /// <summary>409: the cluster's format level is too low for that.</summary>
    FormatTooOld,

    /// <summary>409: this server is giving out a backup already.</summary>
    BackupRunning,

    /// <summary>410: a restore replaced the history of that position.</summary>
    HistoryChanged,

    /// <summary>410: nobody will handle the message.</summary>
    MessageDropped,

    /// <summary>412: the version is another one.</summary>
    VersionMismatch,

    /// <summary>413: something is over its limit.</summary>
    TooLarge,

    /// <summary>415: this route reads application/json.</summary>
    UnsupportedMediaType,

    /// <summary>422: the key stands for another request.</summary>
    IdempotencyMismatch,

    /// <summary>422: the key does not live with the node.</summary>
    CrossPartition,

    /// <summary>429: the node's mailbox is at its limit.</summary>
    MailboxFull,

    /// <summary>429: there is too much to do.</summary>
    Overloaded,

    /// <summary>429: the caller asks too often.</summary>
    RateLimited,

    /// <summary>500: a fault in the server.</summary>
    Internal,

    /// <summary>502: the message is a dead letter: its handler gave it up.</summary>
    DeadLetter,

    /// <summary>503: the journal refused the record.</summary>
    NotStored,

    /// <summary>503: the partition gave no answer in time.</summary>
    Unavailable,

    /// <summary>503: the command came too late to be told from a repeat.</summary>
    CommandTooOld,

    /// <summary>507: the partition's byte budget is used up.</summary>
    PartitionFull,
}
