using System.Net;
using Grains.Operations.Access;
using Grains.StateMachines.Keyspaces;

namespace Grains.Resp.Sessions;

/// <summary>
/// What a connection has said of itself. Touched by the one that reads from it; shown to others as text.
/// </summary>
internal sealed class Session(long id, IPEndPoint? from, IPEndPoint? to, InFlight inFlight)
{
    public const string FirstDatabase = "db0";

    public long Id => id;

    public IPEndPoint? From => from;

    /// <summary>The address of this server at which the client has reached it.</summary>
    public IPEndPoint? To => to;

    public InFlight InFlight => inFlight;

    /// <summary>More has come behind the command that is begun.</summary>
    public bool HasMore { get; set; }

    /// <summary>Null: nobody yet.</summary>
    public Caller? Caller { get; set; }

    /// <summary>Of the key that the caller gave; null = none was needed.</summary>
    public KeyLife? Life { get; set; }

    /// <summary>The keyspace that commands are about.</summary>
    public string Keyspace { get; set; } = FirstDatabase;

    /// <summary>Its number; null = it was chosen by its name.</summary>
    public int? Database { get; set; } = 0;

    /// <summary>It asked which server has which slots, so it can go to another one.</summary>
    public bool KnowsMap { get; set; }

    public string Name { get; set; } = "";

    public string Library { get; set; } = "";

    public string LibraryVersion { get; set; } = "";

    public int Protocol { get; set; } = 2;

    /// <summary>Commands between MULTI and EXEC; null = there is no transaction.</summary>
    public List<QueuedCommand>? Queued { get; set; }

    public int QueuedBytes { get; set; }

    /// <summary>A command between MULTI and EXEC was refused: EXEC will be.</summary>
    public bool IsSpoilt { get; set; }

    public List<WatchedKey> Watched { get; } = [];

    /// <summary>The keyspace in which they are watched.</summary>
    public string WatchedIn { get; set; } = "";

    /// <summary>Null: nobody, or the key does not allow it any more.</summary>
    public Caller? CallerNow
    {
        get
        {
            if (Caller is not { } caller || Life is not { } life)
            {
                return Caller;
            }

            Permission held = caller.Held;
            while (held > 0 && life[held].IsOver)
            {
                held--;
            }

            return held == caller.Held ? caller : held == 0 ? null : caller with { Held = held };
        }
    }

    public void EndTransaction()
    {
        Queued = null;
        QueuedBytes = 0;
        IsSpoilt = false;
        Watched.Clear();
    }

    public string Describe() =>
        $"id={id} addr={from} name={Name} db={Database ?? -1} resp={Protocol} multi={Queued?.Count ?? -1} "
        + $"watch={Watched.Count} "
        + $"user={Caller?.Key ?? "default"} lib-name={Library} lib-ver={LibraryVersion}";
}
