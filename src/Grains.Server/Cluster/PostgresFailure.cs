using System.Security.Authentication;
using Grains.Server.Options;
using Npgsql;

namespace Grains.Server.Cluster;

/// <summary>
/// What an error of Postgres means to an operator. Nothing here is ever made from the connection string's secret.
/// </summary>
internal static class PostgresFailure
{
    /// <summary>It may be gone in a moment: nobody listens yet, or it is starting, or it is full.</summary>
    public static bool MayPass(Exception e) => e switch
    {
        PostgresException p => p.SqlState
            is PostgresErrorCodes.CannotConnectNow or PostgresErrorCodes.TooManyConnections
            or PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown,
        NpgsqlException { InnerException: AuthenticationException } => false,
        NpgsqlException => true,
        _ => false,
    };

    /// <returns>One line, or null if it is no trouble with Postgres.</returns>
    public static string? Explain(Exception e, PostgresAddress postgres) => e switch
    {
        PostgresException
        {
            SqlState: PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification,
        } p =>
            $"Postgres at {postgres} lets this user not in: {p.MessageText}. "
            + "Look at user and password of the connection, and at pg_hba.conf there.",
        PostgresException { SqlState: PostgresErrorCodes.InvalidCatalogName } p =>
            $"Postgres at {postgres} has no such database: {p.MessageText}. Create it there, or name another.",
        PostgresException { SqlState: PostgresErrorCodes.InsufficientPrivilege } p =>
            $"Postgres at {postgres} gives this user no right to that: {p.MessageText}. "
            + $"Grant it, or let an administrator run what {Setting.PrintSchema.Switch} prints.",
        PostgresException p => $"Postgres at {postgres} refuses: {p.MessageText} (SQLSTATE {p.SqlState}).",
        NpgsqlException { InnerException: AuthenticationException tls } =>
            $"No TLS with Postgres at {postgres}: {tls.Message} "
            + "Look at SSL Mode and Root Certificate of the connection.",
        NpgsqlException =>
            $"Postgres at {postgres} cannot be reached: {(e.InnerException ?? e).Message.TrimEnd('.')}. "
            + "Start it, or look at host and port of the connection.",
        _ => null,
    };
}
