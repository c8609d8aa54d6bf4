using Grains.Faults.Tests.World;
using Grains.Postgres.Testing;

namespace Grains.Faults.Tests.Nemesis;

/// <summary>SIGKILL to Postgres, and a new process at once.</summary>
internal sealed class DatabaseKillFault(PostgresServer postgres) : DatabaseFault("Postgres killed")
{
    protected override Task StrikeAsync()
    {
        postgres.Kill();
        return postgres.StartAgainAsync();
    }
}

/// <summary>An orderly stop, a while without a database, and a new process.</summary>
internal sealed class DatabaseRestartFault(PostgresServer postgres, TimeSpan length)
    : DatabaseFault($"Postgres stopped {length.TotalSeconds} s")
{
    protected override async Task StrikeAsync()
    {
        await postgres.StopAsync();
        await Task.Delay(length);
        await postgres.StartAgainAsync();
    }
}

/// <summary>Every connection to it is ended, by its administrator.</summary>
internal sealed class ConnectionsFault(PostgresServer postgres) : DatabaseFault("connections dropped")
{
    protected override Task StrikeAsync() => postgres.DropConnectionsAsync();
}

/// <summary>The machine of the database loses its power; Postgres starts on what the disk has.</summary>
internal sealed class DatabasePowerFault(ClusterWorld world) : DatabaseFault("power cut of Postgres")
{
    protected override Task StrikeAsync() => world.CutPowerOfPostgresAsync();
}
