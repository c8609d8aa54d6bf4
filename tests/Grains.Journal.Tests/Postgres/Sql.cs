using Npgsql;

namespace Grains.Journal.Tests.Postgres;

internal static class Sql
{
    public static async Task ExecuteAsync(this NpgsqlConnection connection, string sql)
    {
        await using NpgsqlCommand command = new(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    public static async Task<T> ScalarAsync<T>(this NpgsqlConnection connection, string sql)
    {
        await using NpgsqlCommand command = new(sql, connection);
        return await command.ExecuteScalarAsync() is T found ? found : default!;
    }
}
