using Grains.Api.Problems;
using Grains.Operations.Errors;
using Grains.StateMachines.Keyspaces;

namespace Grains.Resp.Replies;

/// <summary>
/// What Redis' clients call a refusal. Words on which clients repeat by themselves (TRYAGAIN, LOADING) are for what is
/// known not to have happened.
/// </summary>
internal static class ErrorWords
{
    public const string NoAuth = "NOAUTH Authentication required.";
    public const string WrongPass = "WRONGPASS invalid username-password pair or user is disabled.";
    public const string Syntax = "ERR syntax error";
    public const string NotAnInteger = "ERR value is not an integer or out of range";
    public const string NotANumber = "ERR value is not a valid float";
    public const string CrossSlot = "CROSSSLOT Keys in request don't hash to the same slot";

    /// <param name="error">What an operation said.</param>
    /// <param name="isReady">Every partition has been recovered, as far as this server sees.</param>
    public static string Of(OperationError error, bool isReady = true) => error switch
    {
        { Outcome: Outcome.Unknown } => $"ERR outcome unknown: {error.Detail}",
        { Code: ProblemCode.Unavailable } => $"{(isReady ? "TRYAGAIN" : "LOADING")} {error.Detail}",
        { Code: ProblemCode.Overloaded or ProblemCode.RateLimited } => $"TRYAGAIN {error.Detail}",
        { Code: ProblemCode.KeyspaceNotFound } =>
            $"TRYAGAIN Nothing was done: the database was flushed, or the keyspace deleted. {error.Detail}",
        { Code: ProblemCode.Unauthenticated } => NoAuth,
        { Code: ProblemCode.Forbidden } => $"NOPERM {error.Detail}",
        { Code: ProblemCode.CrossPartition } => CrossSlot,
        { Code: ProblemCode.PartitionFull } => $"OOM command not allowed: {error.Detail}",
        { Code: ProblemCode.NotStored } => $"MISCONF {error.Detail}",
        _ => $"ERR {error.Detail}",
    };

    public static string Of(KeyFault fault) => fault switch
    {
        KeyFault.NotAnInteger => NotAnInteger,
        KeyFault.IntegerOverflow => "ERR increment or decrement would overflow",
        KeyFault.NotANumber => NotANumber,
        KeyFault.NumberOverflow => "ERR increment would produce NaN or Infinity",
        KeyFault.TooLong => "ERR string exceeds maximum allowed size (proto-max-bulk-len)",
        KeyFault.NoSuchKey => "ERR no such key",
        KeyFault.AnswerLost => "ERR done, but the answer was lost with the server that gave it; read the key",
        KeyFault.AnswerTooLong => "ERR done, but the answers are together too long; read the keys one by one",
        _ => throw new InvalidOperationException($"Fault {fault} has no words; add it to {nameof(ErrorWords)}."),
    };
}
