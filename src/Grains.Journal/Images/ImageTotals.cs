namespace Grains.Journal.Images;

/// <summary>How much is in an image.</summary>
public readonly record struct ImageTotals(long Partitions, long Chunks, long Records, long Bytes)
{
    public ImageTotals With(ImagePart part) => part switch
    {
        ImagePart.Begin => this with { Partitions = Partitions + 1 },
        ImagePart.Chunk chunk => this with { Chunks = Chunks + 1, Bytes = Bytes + chunk.Bytes.Length },
        ImagePart.Entry entry => this with { Records = Records + 1, Bytes = Bytes + entry.Record.Payload.Length },
        _ => this,
    };
}
