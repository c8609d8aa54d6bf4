using Npgsql;

namespace Grains.Server.Options;

/// <summary>A connection string, which holds a secret: only host and database are ever shown.</summary>
internal sealed class PostgresAddress
{
    private readonly NpgsqlConnectionStringBuilder _connection;

    private PostgresAddress(NpgsqlConnectionStringBuilder connection) => _connection = connection;

    /// <summary>With the secret. Not for logs.</summary>
    public string ConnectionString => _connection.ConnectionString;

    public bool NamesSchema => !string.IsNullOrEmpty(_connection.SearchPath);

    /// <summary>Whom it speaks with is proved, so that nobody in between reads or changes the data.</summary>
    public bool IsVerified => _connection.SslMode >= SslMode.VerifyCA;

    /// <summary>On this machine, by a loopback address or a socket in a folder.</summary>
    public bool IsLocal => _connection.Host!.Split(',').All(h => h.StartsWith('/') || Loopback.Is(h.Split(':')[0]));

    /// <summary>
    /// Null if this is no connection string. What is wrong with it is not said by its parser: it may quote a secret.
    /// </summary>
    public static PostgresAddress? Parse(string text)
    {
        try
        {
            var connection = new NpgsqlConnectionStringBuilder(text.Trim());
            return string.IsNullOrWhiteSpace(connection.Host) ? null : new PostgresAddress(connection);
        }
        catch (Exception e) when (
            e is ArgumentException or FormatException or InvalidCastException or OverflowException
                or KeyNotFoundException)
        {
            return null;
        }
    }

    public override string ToString() =>
        (_connection.Host!.Contains(':', StringComparison.Ordinal)
            ? _connection.Host
            : $"{_connection.Host}:{_connection.Port}")
        + (_connection.Database is { Length: > 0 } database ? $"/{database}" : "");
}
