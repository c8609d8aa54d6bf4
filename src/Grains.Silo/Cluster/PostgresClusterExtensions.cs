using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Orleans.Configuration;

namespace Grains.Silo.Cluster;

/// <summary>What makes silos on one Postgres a cluster.</summary>
public static class PostgresClusterExtensions
{
    private const string _invariant = "Npgsql";

    /// <summary>
    /// Membership and the cluster's settings in the tables of <see cref="PostgresTables"/>.
    /// </summary>
    /// <param name="silo">The silo.</param>
    /// <param name="database">Its search path names the schema. It stays the caller's.</param>
    public static ISiloBuilder UseGrainsPostgres(this ISiloBuilder silo, NpgsqlDataSource database)
    {
        silo.UseAdoNetClustering(options =>
        {
            options.Invariant = _invariant;
            options.DataSource = database;
        });
        silo.AddGrainsPostgresStorage(database);
        silo.Services.AddHostedService<MembershipLog>();
        return silo;
    }

    /// <summary>The cluster's settings alone, for a process that joins nothing.</summary>
    public static ISiloBuilder AddGrainsPostgresStorage(this ISiloBuilder silo, NpgsqlDataSource database) =>
        silo.AddAdoNetGrainStorage(ClusterStorage.Name, storage =>
        {
            storage.Invariant = _invariant;
            storage.DataSource = database;
            storage.GrainStorageSerializer = new JsonStorageSerializer();
        });

    /// <summary>
    /// A server that died is noticed within two seconds, one that hangs within four, and those that live keep their
    /// grains. Safe only because every partition is fenced by its journal: one declared dead may go on for a moment.
    /// </summary>
    public static ISiloBuilder UseFastFailureDetection(this ISiloBuilder silo)
    {
        silo.Configure<ClusterMembershipOptions>(membership =>
        {
            membership.ProbeTimeout = TimeSpan.FromMilliseconds(700);
            membership.MinProbeTimeout = TimeSpan.FromMilliseconds(500);

            // Also the time for which a silent connection is believed, three times over.
            membership.MaxProbeTimeout = TimeSpan.FromSeconds(1);
            membership.NumMissedProbesLimit = 3;
            membership.NumVotesForDeathDeclaration = 2;
            membership.TableRefreshTimeout = TimeSpan.FromSeconds(10);

            // A server that is silent for three of these has no say in who is dead: so that one of three that are
            // killed at once, left alone with the votes of the dead, takes over soon.
            membership.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(2);

            // Then the process ends and is started again, with a fresh look at the others.
            membership.MaxJoinAttemptTime = TimeSpan.FromSeconds(60);
        });

        // The other directory forgets the grains of healthy servers when one leaves.
        silo.AddDistributedGrainDirectory();

        // The lease keeps what a dead server owned unavailable, for a guarantee that the journal gives.
        silo.Configure<GrainDirectoryOptions>(directory => directory.RangeLeaseDuration = TimeSpan.Zero);
        return silo;
    }
}
