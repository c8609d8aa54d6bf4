using Npgsql;

namespace Grains.Journal.Postgres.Sessions;

/// <summary>What a connection string with several hosts means to us.</summary>
internal static class PrimaryHost
{
    /// <summary>Of several hosts the primary is wanted, unless the user says otherwise.</summary>
    /// <returns>True if there is one host only.</returns>
    public static bool PicksPrimary(this NpgsqlConnectionStringBuilder builder)
    {
        bool isOneHost = !builder.Host!.Contains(',', StringComparison.Ordinal);
        if (!isOneHost)
        {
            builder.TargetSessionAttributes ??= "primary";
        }

        return isOneHost;
    }
}
