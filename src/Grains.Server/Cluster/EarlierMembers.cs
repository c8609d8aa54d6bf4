using System.Net;
using System.Net.Sockets;
using Grains.Server.Options;
using Grains.Silo.Cluster;
using Npgsql;

namespace Grains.Server.Cluster;

/// <summary>
/// Clears the way into the membership: members that are gone but not declared dead, because nobody was left to do it,
/// would hold up every server that starts. A name, and a schema, that are in use are refused.
/// </summary>
internal sealed partial class EarlierMembers(
    ClusterOptions cluster, IPEndPoint place, NpgsqlDataSource database, TimeProvider time, ILogger logger)
{
    /// <summary>Three heartbeats that a living server would have written.</summary>
    private static readonly TimeSpan _silenceMax = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan _connectMax = TimeSpan.FromSeconds(1);

    private readonly Dictionary<MemberKey, Sighting> _seen = [];

    /// <summary>Ends when nobody is left who holds this server up, after half a minute at most.</summary>
    /// <exception cref="StartException">The name or the schema is in use by others.</exception>
    public async Task ClearAsync(CancellationToken cancel)
    {
        for (bool isFirst = true; ; isFirst = false)
        {
            IReadOnlyList<MemberRecord> members = await MemberRecords.ReadAsync(database, cancel);
            MemberRecord[] undecided = [];
            foreach (MemberRecord member in members)
            {
                if (await DecideAsync(member, cancel) == Verdict.Undecided)
                {
                    undecided = [.. undecided, member];
                }
            }

            if (undecided.Length == 0)
            {
                return;
            }

            if (isFirst)
            {
                LogWaiting(
                    logger, string.Join(", ", undecided.Select(m => $"{m.Name} at {m.Place}")),
                    (int)_silenceMax.TotalSeconds);
            }

            await Task.Delay(_pause, time, cancel);
        }
    }

    private async Task<Verdict> DecideAsync(MemberRecord member, CancellationToken cancel)
    {
        if (!_seen.TryGetValue(new(member.Cluster, member.Place, member.Generation), out Sighting? first))
        {
            _seen.Add(new(member.Cluster, member.Place, member.Generation), first =
                new Sighting(member.Heartbeat, time.GetTimestamp()));
        }

        bool isOurs = member.Cluster == cluster.Id;
        bool isHere = isOurs && member.Place.Equals(place);
        bool isInTheWay = !isOurs || member.Name == cluster.Name;
        if (!isHere && isInTheWay && member.Heartbeat != first.Heartbeat)
        {
            throw new StartException(isOurs
                ? $"The name {member.Name} is in use by a living server at {member.Place}. Give each server its own "
                    + "with "
                    + $"{Setting.ServerName.Switch}."
                : $"The schema {cluster.Schema} is in use by the cluster {member.Cluster}, with a living server at "
                    + $"{member.Place}. Name another schema, or stop that cluster first: two on one journal would take "
                    + "each other's partitions.");
        }

        // Nobody else listens at this server's own place: that was tried before.
        Signs signs = isHere ? Signs.Nobody : await LookAsync(member.Place, cancel);
        if (signs == Signs.Listens && !isInTheWay)
        {
            return Verdict.Alive;
        }

        TimeSpan watched = time.GetElapsedTime(first.At);
        bool isGone = isOurs && isInTheWay && signs == Signs.Nobody;
        bool isSilent = watched > _silenceMax
            || (member.Silence > _silenceMax && (signs != Signs.Listens || watched > _silenceMax / 2));
        if (!isGone && !isSilent)
        {
            return Verdict.Undecided;
        }

        if (isOurs)
        {
            LogDeclared(logger, member.Name, member.Place, (int)member.Silence.TotalSeconds);
            await MemberRecords.DeclareDeadAsync(database, member, cancel);
        }

        return Verdict.Gone;
    }

    private static async Task<Signs> LookAsync(IPEndPoint place, CancellationToken cancel)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        deadline.CancelAfter(_connectMax);
        using var socket = new Socket(place.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(place, deadline.Token);
            return Signs.Listens;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
        {
            return Signs.Nobody;
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException && !cancel.IsCancellationRequested)
        {
            return Signs.Unreachable;
        }
    }

    [LoggerMessage(3011, LogLevel.Warning,
        "Waiting to see whether these servers live, at most {Seconds} s: {Servers}.")]
    private static partial void LogWaiting(ILogger logger, string servers, int seconds);

    [LoggerMessage(3012, LogLevel.Warning,
        "Server {Name} at {Place} is gone and silent for {Seconds} s: declared dead.")]
    private static partial void LogDeclared(ILogger logger, string name, IPEndPoint place, int seconds);

    private enum Verdict
    {
        Alive,
        Gone,
        Undecided,
    }

    private enum Signs
    {
        Listens,

        /// <summary>The machine answers that nobody listens there.</summary>
        Nobody,

        /// <summary>The machine is off, or the network is cut.</summary>
        Unreachable,
    }

    private sealed record Sighting(DateTime Heartbeat, long At);

    private readonly record struct MemberKey(string Cluster, IPEndPoint Place, int Generation);
}
