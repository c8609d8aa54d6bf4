namespace Grains.Journal.Tests.Postgres;

public sealed class PostgresJournalContract : JournalContract
{
    protected override IJournalStorage NewStorage() => new PostgresStorage();
}
