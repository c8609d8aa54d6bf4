using System.Runtime.CompilerServices;
using Grains.Journal.Postgres.Records;
using Grains.Journal.Postgres.Sessions;
using Grains.StateMachines.Ids;
using Npgsql;

namespace Grains.Journal.Postgres.Checkpoints;

/// <summary>Reads the newest checkpoint of a partition, chunk by chunk.</summary>
internal sealed class CheckpointReading(SessionPool sessions, string schema, PartitionId partition)
{
    public async Task<StoredCheckpoint?> ReadAsync(CancellationToken cancel)
    {
        CheckpointPointer? pointer = await PointerAsync(cancel);
        return pointer is null ? null : new StoredCheckpoint(pointer.At, ChunksAsync(pointer, CancellationToken.None));
    }

    private Task<CheckpointPointer?> PointerAsync(CancellationToken cancel) => sessions.RunAsync(
        async connection =>
        {
            await using NpgsqlCommand command = new(
                $"SELECT {CheckpointPointer.Columns} FROM \"{schema}\".checkpoint WHERE partition = $1", connection)
            {
                Parameters = { new() { Value = (long)partition.Value } },
            };
            await using NpgsqlDataReader row = await command.ExecuteReaderAsync();
            return await row.ReadAsync() ? CheckpointPointer.Read(partition, row) : null;
        },
        cancel);

    private async IAsyncEnumerable<ReadOnlyMemory<byte>> ChunksAsync(
        CheckpointPointer pointer, [EnumeratorCancellation] CancellationToken cancel)
    {
        for (int i = 0; i < pointer.Chunks; i++)
        {
            int number = i;
            (byte[] Payload, int Crc)? chunk = await UseAsync(
                connection => ChunkAsync(connection, schema, partition, pointer, number), cancel);
            if (chunk is null && await PointerAsync(cancel) != pointer)
            {
                throw new JournalUnavailableException(
                    $"The checkpoint of partition {partition} at {pointer.At.Revision} was replaced while it was read. "
                    + "Read it again.");
            }

            yield return Check(partition, pointer, i, chunk);
        }
    }

    /// <exception cref="JournalDamagedException">It is missing, or not what was written.</exception>
    internal static byte[] Check(
        PartitionId partition, CheckpointPointer pointer, int number, (byte[] Payload, int Crc)? chunk)
    {
        if (chunk is not { } found)
        {
            throw Damaged("it is missing.");
        }

        int crc = RecordCrc.OfChunk(partition, pointer.At.Revision, pointer.Epoch, number, found.Payload);
        return crc == found.Crc
            ? found.Payload
            : throw Damaged($"its bytes have CRC {crc:x8} and should have {found.Crc:x8}.");

        JournalDamagedException Damaged(string what) =>
            new(partition, pointer.At.Revision, $"chunk {number} of its checkpoint cannot be read: {what}");
    }

    /// <summary>A chunk as it is stored; null if it is not there.</summary>
    internal static async Task<(byte[] Payload, int Crc)?> ChunkAsync(
        NpgsqlConnection connection, string schema, PartitionId partition, CheckpointPointer pointer, int number)
    {
        await using NpgsqlCommand command = new($"""
            SELECT payload, crc FROM "{schema}".checkpoint_chunk
            WHERE partition = $1 AND revision = $2 AND epoch = $3 AND attempt = $4 AND number = $5
            """, connection)
        {
            Parameters =
            {
                new() { Value = (long)partition.Value },
                new() { Value = pointer.At.Revision.Value },
                new() { Value = pointer.Epoch.Value },
                new() { Value = pointer.Attempt },
                new() { Value = number },
            },
        };
        await using NpgsqlDataReader row = await command.ExecuteReaderAsync();
        return await row.ReadAsync() ? (row.GetFieldValue<byte[]>(0), row.GetInt32(1)) : null;
    }

    private async Task<T> UseAsync<T>(Func<NpgsqlConnection, Task<T>> read, CancellationToken cancel) =>
        await sessions.UseAsync(session => session.RunAsync(() => read(session.Connection)), cancel).WaitAsync(cancel);
}
