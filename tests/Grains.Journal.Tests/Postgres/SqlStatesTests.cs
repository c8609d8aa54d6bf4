using Grains.Journal.Postgres;
using Npgsql;

namespace Grains.Journal.Tests.Postgres;

public sealed class SqlStatesTests
{
    [Theory]
    [InlineData("ERROR", "55P03", true)] // a lock
    [InlineData("ERROR", "40P01", true)] // a deadlock
    [InlineData("ERROR", "22001", true)] // data
    [InlineData("ERROR", "23514", true)]
    [InlineData("ERROR", "53100", true)] // the disk is full
    [InlineData("ERROR", "25006", true)] // read-only
    [InlineData("ERROR", "42501", true)] // no right
    [InlineData("ERROR", "57014", true)] // cancelled before the commit
    [InlineData("ERROR", "XX000", true)]
    [InlineData("FATAL", "57P01", false)] // a shutdown, perhaps in the middle of the commit
    [InlineData("FATAL", "57P02", false)]
    [InlineData("PANIC", "53100", false)] // the disk is full, for the WAL
    [InlineData("ERROR", "57P01", false)] // what poolers say in the server's name
    [InlineData("ERROR", "08006", false)]
    [InlineData("ERROR", "08P01", false)]
    [InlineData("ERROR", "40003", false)]
    public void Only_an_error_of_the_server_itself_proves_that_nothing_was_written(
        string severity, string state, bool proves) =>
        Assert.Equal(proves, SqlStates.NothingWritten(new PostgresException("planned", severity, severity, state)));

    [Theory]
    [InlineData("53100", true)]
    [InlineData("25006", true)]
    [InlineData("42P01", true)]
    [InlineData("55P03", false)]
    [InlineData("22001", false)]
    [InlineData("54000", false)]
    public void What_one_row_may_have_caused_is_tried_row_by_row(string state, bool concernsAll) =>
        Assert.Equal(concernsAll, SqlStates.ConcernsAll(new PostgresException("planned", "ERROR", "ERROR", state)));
}
