using Grains.Journal;
using Grains.Journal.Images;
using Grains.Journal.Memory;
using Grains.Silo.Backups;
using Grains.Silo.Cluster;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Clocks;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;
using Grains.StateMachines.Partitions;

namespace Grains.Silo.Tests.Backups;

public class BackupFileTests
{
    private static readonly BackupHeader _header = new(1_700_000_000_123, new ClusterSettings
    {
        ClusterId = "0123456789abcdef",
        FormatLevel = 2,
        Partitions = 2,
        Slots = [new StoredSlotRange(0, 8_191, 3), new StoredSlotRange(8_192, 16_383, 4)],
        Namespace = "default",
        CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(1_600_000_000_000),
    });

    [Fact]
    public async Task The_bytes_of_format_1_stay_what_they_are()
    {
        byte[] file = await WriteAsync(await SmallAsync());
        string path = Path.Combine(Folder(), "backup-1.hex");
        string hex = string.Concat(file.Chunk(16).Select(line => Convert.ToHexStringLower(line) + "\n"));
        if (Environment.GetEnvironmentVariable("GRAINS_UPDATE_GOLDEN") == "1")
        {
            Directory.CreateDirectory(Folder());
            await File.WriteAllTextAsync(path, hex);
        }

        Assert.Equal(await File.ReadAllTextAsync(path), hex);
    }

    [Fact]
    public void The_secret_of_delivery_ids_is_in_no_backup()
    {
        byte[] secret = ClusterSettings.DrawSecret();
        byte[] bytes = (_header with { Settings = _header.Settings with { DeliverySecret = secret } }).Encode();
        Assert.Equal(_header.Encode(), bytes);
        Assert.Null(BackupHeader.Decode(bytes).Settings.DeliverySecret);
    }

    [Fact]
    public async Task A_backup_gives_back_its_header_its_parts_and_its_sums()
    {
        MemoryJournal journal = await SmallAsync();
        byte[] file = await WriteAsync(journal);
        BackupReader reader = await BackupReader.OpenAsync(new MemoryStream(file), CancellationToken.None);
        List<string> parts = [];
        await foreach (ImagePart part in reader.PartsAsync(CancellationToken.None))
        {
            parts.Add(Text(part));
        }

        Assert.Equal(_header with { Settings = reader.Header.Settings }, reader.Header);
        Assert.Equal(
            _header.Settings with { Slots = reader.Header.Settings.Slots, Drained = reader.Header.Settings.Drained },
            reader.Header.Settings);
        Assert.Equal(_header.Settings.Slots, reader.Header.Settings.Slots);
        List<string> given = [];
        await foreach (ImagePart part in journal.ExportAsync(CancellationToken.None))
        {
            given.Add(Text(part));
        }

        Assert.Equal(given, parts);
        Assert.Equal(new ImageTotals(2, 1, 3, reader.Summary!.Value.Totals.Bytes), reader.Summary.Value.Totals);
    }

    [Fact]
    public async Task A_backup_that_was_cut_off_anywhere_says_so()
    {
        byte[] file = await WriteAsync(await SmallAsync());
        for (int length = 0; length < file.Length; length++)
        {
            ImageDamagedException e = await Assert.ThrowsAsync<ImageDamagedException>(() => ReadAsync(file[..length]));
            Assert.Contains($"cut off at byte {length}", e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_backup_with_any_byte_changed_or_one_too_many_is_refused()
    {
        byte[] file = await WriteAsync(await SmallAsync());
        for (int at = 0; at < file.Length; at++)
        {
            byte[] changed = [.. file];
            changed[at] ^= 0x10;
            await Assert.ThrowsAsync<ImageDamagedException>(() => ReadAsync(changed));
        }

        await Assert.ThrowsAsync<ImageDamagedException>(() => ReadAsync([.. file, 0]));
        await ReadAsync(file);
    }

    [Fact]
    public async Task Whole_frames_that_are_missing_or_in_another_order_are_noticed()
    {
        byte[] file = await WriteAsync(await SmallAsync());
        List<byte[]> frames = Frames(file);
        for (int i = 1; i < frames.Count; i++)
        {
            byte[] without = [.. file[..8], .. frames.Where((_, n) => n != i).SelectMany(f => f)];
            await Assert.ThrowsAsync<ImageDamagedException>(() => ReadAsync(without));
            byte[] swapped =
            [
                .. file[..8],
                .. frames.Select((f, n) => n == i ? frames[i - 1] : n == i - 1 ? frames[i] : f).SelectMany(f => f)
            ];
            await Assert.ThrowsAsync<ImageDamagedException>(() => ReadAsync(swapped));
        }
    }

    [Fact]
    public async Task A_restored_journal_has_the_digests_that_the_backup_promises_and_another_state_has_not()
    {
        MemoryJournal journal = await KeysAsync("a", "b");
        PartitionDigest promised = await DigestAsync(journal, forkedAtMs: 5_000);
        MemoryDisk disk = new();
        await MemoryImport.RunAsync(disk, journal.ExportAsync(CancellationToken.None), 5_000, CancellationToken.None);

        PartitionDigest restored = await DigestAsync(new MemoryJournal(disk), forkedAtMs: null);
        Assert.Equal(promised, restored);
        Assert.Equal(2, restored.Contents["keys"]);
        Assert.NotEqual(promised.Checksum, (await DigestAsync(await KeysAsync("a", "c"), forkedAtMs: 5_000)).Checksum);
        Assert.NotEqual(promised.Checksum, (await DigestAsync(journal, forkedAtMs: null)).Checksum);
    }

    /// <summary>One partition with a checkpoint and one without.</summary>
    private static async Task<MemoryJournal> SmallAsync()
    {
        MemoryJournal journal = new();
        (JournalTail tail, Epoch epoch) = await AcquireAsync(journal, new PartitionId(3));
        JournalAppend append = new(new PartitionId(3), epoch, tail, 2, "first"u8.ToArray());
        await journal.AppendAsync(append, CancellationToken.None);
        await journal.WriteCheckpointAsync(
            new PartitionId(3), epoch, append.Next, ["state"u8.ToArray()], CancellationToken.None);
        await journal.AppendAsync(
            new JournalAppend(new PartitionId(3), epoch, append.Next, 1, "second"u8.ToArray()), CancellationToken.None);
        (tail, epoch) = await AcquireAsync(journal, new PartitionId(4));
        await journal.AppendAsync(
            new JournalAppend(new PartitionId(4), epoch, tail, 1, "x"u8.ToArray()), CancellationToken.None);
        return journal;
    }

    private static async Task<MemoryJournal> KeysAsync(params string[] keys)
    {
        PartitionId id = new(3);
        MemoryJournal journal = new();
        (JournalTail tail, Epoch epoch) = await AcquireAsync(journal, id);
        PartitionMachine machine = new(id, new MachineLimits());
        machine.ReplayEpoch(tail.Revision, epoch, 0, 1_000);
        machine.Open();
        foreach (string key in keys)
        {
            PutKey put = new() { Keyspace = new KeyspaceId(1), Key = new Utf8Name(key), Value = [1] };
            Decision decision = machine.Decide([new Request(put, key)], Moment.At(2_000));
            JournalAppend append = new(id, epoch, tail, decision.Changes, decision.Record.ToArray());
            await journal.AppendAsync(append, CancellationToken.None);
            machine.Commit();
            tail = append.Next;
        }

        return journal;
    }

    private static async Task<(JournalTail Tail, Epoch Epoch)> AcquireAsync(MemoryJournal journal, PartitionId id)
    {
        AcquireOutcome.Acquired got = Assert.IsType<AcquireOutcome.Acquired>(
            await journal.AcquireAsync(id, "a", 1, 1_000, CancellationToken.None));
        return (got.Tail, got.Epoch);
    }

    private static async Task<PartitionDigest> DigestAsync(MemoryJournal journal, long? forkedAtMs)
    {
        List<PartitionDigest> digests = [];
        await foreach (PartitionDigest digest in journal.ExportAsync(CancellationToken.None).DigestsAsync(forkedAtMs))
        {
            digests.Add(digest);
        }

        return Assert.Single(digests);
    }

    private static async Task<byte[]> WriteAsync(MemoryJournal journal)
    {
        MemoryStream file = new();
        await new BackupWriter(file).WriteAsync(
            _header, journal.ExportAsync(CancellationToken.None), CancellationToken.None);
        return file.ToArray();
    }

    private static async Task ReadAsync(byte[] file)
    {
        BackupReader reader = await BackupReader.OpenAsync(new MemoryStream(file), CancellationToken.None);
        await foreach (ImagePart _ in reader.PartsAsync(CancellationToken.None))
        {
        }
    }

    private static List<byte[]> Frames(byte[] file)
    {
        List<byte[]> frames = [];
        for (int at = 8; at < file.Length;)
        {
            int bytes = BitConverter.ToInt32(file, at + 1) + 9;
            frames.Add(file[at..(at + bytes)]);
            at += bytes;
        }

        return frames;
    }

    private static string Text(ImagePart part) => part switch
    {
        ImagePart.Chunk chunk => Convert.ToHexString(chunk.Bytes.Span),
        ImagePart.Entry { Record: var r } =>
            $"{r.Kind} {r.First} {r.Count} {r.Epoch} {r.Chain:x32} {Convert.ToHexString(r.Payload.Span)}",
        _ => part.ToString(),
    };

    private static string Folder([System.Runtime.CompilerServices.CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, "..", "golden");
}
