namespace Grains.Journal.Postgres;

/// <summary>
/// Which history a Postgres server is in. A restore makes another system identifier or timeline, a promotion another
/// timeline; from there on it is not certain that everything confirmed before is still there.
/// </summary>
/// <param name="SystemIdentifier">Given by initdb, for ever.</param>
/// <param name="Timeline">Raised by each promotion and each recovery to a point in time.</param>
internal readonly record struct PostgresHistory(long SystemIdentifier, long Timeline)
{
    public override string ToString() => $"{(ulong)SystemIdentifier}/{Timeline}";
}
