using Grains.Journal.Images;
using Grains.Journal.Postgres.Sessions;
using Npgsql;

namespace Grains.Journal.Postgres.Images;

/// <summary>Puts an image into a schema that holds nothing, all of it or nothing: it is one transaction.</summary>
public static class PostgresImport
{
    /// <summary>
    /// On return everything is durable, and every partition stands behind its marked epoch record, owned by nobody. A
    /// process that ends on the way leaves the schema as empty as it was. No server can acquire meanwhile.
    /// </summary>
    /// <param name="options">Where to; the tables are made if they are missing.</param>
    /// <param name="parts">As exported.</param>
    /// <param name="nowMs">The clock, ms since 1970, kept in the marked epoch records.</param>
    /// <param name="cancel">Ends it, with nothing written.</param>
    /// <exception cref="ImageDamagedException">The image is not what a journal gave out.</exception>
    /// <exception cref="JournalUnavailableException">The schema holds something, or Postgres refuses.</exception>
    public static async Task<ImageTotals> RunAsync(
        PostgresJournalOptions options, IAsyncEnumerable<ImagePart> parts, long nowMs, CancellationToken cancel)
    {
        options.Validate();
        await PostgresSchema.ApplyAsync(options.ConnectionString, options.Schema, PostgresJournal.Scripts, cancel);
        await using SessionFactory factory = new(options);
        await using PostgresSession session = await factory.OpenAsync(SessionRole.Import, options.StatementMsMax);
        try
        {
            await using NpgsqlTransaction transaction = await session.Connection.BeginTransactionAsync(cancel);
            await LockAsync(session.Connection, options.Schema, cancel);
            ImageChecks checks = new();
            await using (ImportTables tables = new(session, options.Schema, nowMs))
            {
                await foreach (ImagePart part in parts.Checked(checks, cancel))
                {
                    await tables.AddAsync(part, cancel);
                }
            }

            session.TakeWarning();
            await transaction.CommitAsync(CancellationToken.None);
            return session.TakeWarning() is { } warning
                ? throw new JournalUnavailableException(
                    $"It is not certain that the image is durable in Postgres at {factory.Place}. {warning}")
                : checks.Totals;
        }
        catch (NpgsqlException e)
        {
            throw new JournalUnavailableException(
                $"The image could not be put into Postgres at {factory.Place}. {e.Message}", e);
        }
    }

    private static async Task LockAsync(NpgsqlConnection connection, string schema, CancellationToken cancel)
    {
        await using NpgsqlCommand command = new($"""
            SET LOCAL idle_in_transaction_session_timeout = 0;
            LOCK TABLE "{schema}".partition IN EXCLUSIVE MODE;
            SELECT EXISTS (SELECT FROM "{schema}".partition) OR EXISTS (SELECT FROM "{schema}".record)
            """, connection);
        if ((bool)(await command.ExecuteScalarAsync(cancel))!)
        {
            throw new JournalUnavailableException(
                $"Schema \"{schema}\" holds partitions already; nothing was changed. "
                + "Name another schema, or drop this one.");
        }
    }
}
