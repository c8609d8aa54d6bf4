namespace Grains.Journal.Tests.Sqlite;

public sealed class SqliteJournalContract : JournalContract
{
    protected override IJournalStorage NewStorage() => new SqliteStorage();
}
