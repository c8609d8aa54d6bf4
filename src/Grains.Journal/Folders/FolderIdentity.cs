using System.Globalization;
using System.Text.Unicode;
using Grains.StateMachines.Codecs;

namespace Grains.Journal.Folders;

/// <summary>
/// What a folder says of itself, in one sector, so that a file of another folder, an older copy and a missing one show.
/// Numbers are lower bounds: each is written after what it counts is durable.
/// </summary>
public sealed record FolderIdentity
{
    public const string FileName = "IDENTITY";
    public const int Bytes = 512;
    private const string _title = "Grains data folder, format 1. It belongs to the files beside it: do not edit, copy "
        + "or remove it alone.";
    private const string _none = "-";

    /// <summary>Drawn once; the journal carries it too.</summary>
    public required string Id { get; init; }

    /// <summary>
    /// The cluster whose settings are beside the journal; empty: the first start has not come that far.
    /// </summary>
    public string Cluster { get; init; } = "";

    public int Partitions { get; init; }

    /// <summary>The version of the settings.</summary>
    public long Settings { get; init; }

    /// <summary>How often the journal was opened; its main file carries it too.</summary>
    public long Session { get; init; }

    /// <summary>How often its log of what is new began; the log carries it too.</summary>
    public long Log { get; init; }

    /// <summary>The newest revisions of all partitions, added up.</summary>
    public ulong Records { get; init; }

    /// <summary>For people: it was closed in good order.</summary>
    public bool IsClosed { get; init; }

    /// <summary>The first start was over.</summary>
    public bool IsMade => Cluster.Length > 0;

    /// <summary>Something in it was answered.</summary>
    public bool HoldsData => IsMade || Records > 0;

    public byte[] Encode()
    {
        byte[] bytes = new byte[Bytes];
        Encode(bytes);
        return bytes;
    }

    /// <param name="to">So many bytes as there are.</param>
    public void Encode(Span<byte> to)
    {
        Span<byte> text = to[..(Bytes - SealedText.CrcLineBytes)];
        text.Fill((byte)' ');
        bool fits = Utf8.TryWrite(text, CultureInfo.InvariantCulture, $"""
            {_title}
            folder {Id}
            cluster {(IsMade ? Cluster : _none)}
            partitions {Partitions}
            settings {Settings}
            session {Session}
            log {Log}
            records {Records}
            closed {(IsClosed ? 1 : 0)}

            """, out _);
        if (!fits)
        {
            throw new InvalidOperationException($"What folder {Id} says of itself has more than {Bytes} bytes.");
        }

        SealedText.WriteCrcLine(text, to[^SealedText.CrcLineBytes..]);
    }

    /// <returns>Null: these bytes are none.</returns>
    public static FolderIdentity? Decode(ReadOnlySpan<byte> bytes)
    {
        string[] lines = bytes.Length == Bytes ? SealedText.Open(bytes)?.Split('\n') ?? [] : [];
        if (lines is not [_title, ..])
        {
            return null;
        }

        Dictionary<string, string> values = lines.Skip(1).Select(l => l.Trim().Split(' ')).Where(p => p.Length == 2)
            .ToDictionary(p => p[0], p => p[1], StringComparer.Ordinal);
        return new FolderIdentity
        {
            Id = values["folder"],
            Cluster = values["cluster"] is var cluster && cluster != _none ? cluster : "",
            Partitions = (int)Number("partitions"),
            Settings = Number("settings"),
            Session = Number("session"),
            Log = Number("log"),
            Records = (ulong)Number("records"),
            IsClosed = values["closed"] == "1",
        };

        long Number(string name) => WholeNumber.Parse(values[name]);
    }
}
