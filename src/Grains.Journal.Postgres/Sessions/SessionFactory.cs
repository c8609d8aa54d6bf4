using Npgsql;

namespace Grains.Journal.Postgres.Sessions;

/// <summary>Opens connections that keep the journal's rules, and refuses servers that do not.</summary>
internal sealed class SessionFactory : IAsyncDisposable
{
    private const int _versionMin = 13;
    private readonly PostgresJournalOptions _options;
    private readonly NpgsqlDataSource _source;
    private readonly string _life = Guid.NewGuid().ToString("N")[..8];
    private int _open;

    public SessionFactory(PostgresJournalOptions options)
    {
        _options = options;
        NpgsqlConnectionStringBuilder builder = new(options.ConnectionString)
        {
            Pooling = false,
            Enlist = false,
            CommandTimeout = 0,
            Timeout = options.ConnectSecondsMax,
            TcpKeepAlive = true,
            TcpKeepAliveTime = 10,
            TcpKeepAliveInterval = 3,
        };
        bool isOneHost = builder.PicksPrimary();

        Place = $"{builder.Host}:{builder.Port}/{builder.Database ?? builder.Username}, schema {options.Schema}";
        NpgsqlDataSourceBuilder source = new(builder.ConnectionString);
        source.ConfigureTypeLoading(types => types.EnableTypeLoading(false)); // all that is used is built in
        _source = isOneHost ? source.Build() : source.BuildMultiHost();
    }

    /// <summary>Where it is, without secrets.</summary>
    public string Place { get; }

    public HistoryWatch History { get; } = new();

    /// <summary>As of the newest connection.</summary>
    public ServerSettings? Settings { get; private set; }

    /// <exception cref="JournalUnavailableException">The server is not there, or must not be written to.</exception>
    public async Task<PostgresSession> OpenAsync(SessionRole role, int lockMsMax)
    {
        if (Interlocked.Increment(ref _open) > _options.ConnectionsMax)
        {
            Interlocked.Decrement(ref _open);
            throw new JournalUnavailableException(
                $"{_options.ConnectionsMax} connections to Postgres are open or not yet given back, which is the "
                + $"limit. Look for blocked statements of {ApplicationName.Prefix}… in pg_stat_activity.");
        }

        NpgsqlConnection connection = _source.CreateConnection();
        Task<PostgresSession> opening = SetUpAsync(connection, role, lockMsMax);
        try
        {
            return await opening.WaitAsync(TimeSpan.FromSeconds(2 * _options.ConnectSecondsMax), _options.Time);
        }
        catch (Exception e)
        {
            _ = EndAfterAsync(connection, opening);
            throw e as JournalUnavailableException
                ?? new JournalUnavailableException($"Postgres at {Place} cannot be reached. {e.Message}", e);
        }
    }

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    private async Task EndAfterAsync(NpgsqlConnection connection, Task opening)
    {
        await opening.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await connection.DisposeAsync();
        Interlocked.Decrement(ref _open);
    }

    private async Task<PostgresSession> SetUpAsync(NpgsqlConnection connection, SessionRole role, int lockMsMax)
    {
        await connection.OpenAsync(CancellationToken.None);
        Version version = connection.PostgreSqlVersion;

        // A server's own defaults must not cut a statement short, hide a warning, or change what it sees.
        string setUp = $"""
            SET application_name = '{ApplicationName.Of(role, _life, _options.Server)}';
            SET client_min_messages = warning;
            SET lock_timeout = {lockMsMax};
            SET statement_timeout = 0;
            SET idle_in_transaction_session_timeout = {_options.StatementMsMax};
            SET default_transaction_isolation = 'read committed';
            SET default_transaction_deferrable = off;
            SET enable_seqscan = off;
            SET plan_cache_mode = force_generic_plan;
            SET jit = off;
            {(version.Major >= 14 ? "SET idle_session_timeout = 0;" : "")}
            {(version.Major >= 17 ? "SET transaction_timeout = 0;" : "")}
            {(_options.AllowLossy ? "" : "SET synchronous_commit = on;")}
            """;
        await using (NpgsqlCommand set = new(setUp, connection))
        {
            await set.ExecuteNonQueryAsync();
        }

        ServerSettings settings = await ServerSettings.ReadAsync(connection);
        if (settings.Refuses(_options.AllowLossy, _versionMin) is { } why)
        {
            throw new JournalUnavailableException($"Postgres at {Place} {why}");
        }

        Settings = settings;
        HistoryVerdict verdict = History.Observe(settings.History);
        if (verdict == HistoryVerdict.Older)
        {
            throw new JournalUnavailableException(
                $"Postgres at {Place} is in history {settings.History}, older than {History.Current}: a former "
                + "primary. Take it out of service.");
        }

        return new PostgresSession(
            connection, role, settings.History, TimeSpan.FromMilliseconds(_options.StatementMsMax), _options.Time,
            () => Interlocked.Decrement(ref _open));
    }
}
