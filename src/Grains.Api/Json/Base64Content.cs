using System.Text.Json;
using System.Text.Json.Serialization;

namespace Grains.Api.Json;

/// <summary>
/// Bytes that people store, in base64. Where the document goes to somebody who can write them later, as its reader
/// takes them, they are not copied: see <see cref="ILaterBytes"/>.
/// </summary>
public sealed class Base64Content : JsonConverter<byte[]>
{
    /// <summary>Below it a copy costs less.</summary>
    private const int _laterBytesMin = 16 << 10;

    [ThreadStatic]
    private static ILaterBytes? _later;

    /// <summary>For what is serialized on this thread until it is set back to null.</summary>
    public static ILaterBytes? Later
    {
        set => _later = value;
    }

    /// <inheritdoc/>
    public override byte[] Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetBytesFromBase64();

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, byte[] value, JsonSerializerOptions options)
    {
        if (_later is not { } later || value.Length < _laterBytesMin)
        {
            writer.WriteBase64StringValue(value);
            return;
        }

        // The quote that opens the string; who writes it later closes it.
        writer.WriteRawValue("\""u8, skipInputValidation: true);
        writer.Flush();
        later.Add(value);
    }
}

/// <summary>Takes stored bytes out of a document that is being written.</summary>
public interface ILaterBytes
{
    /// <summary>Here come these, in base64, and a quote. They do not change.</summary>
    void Add(byte[] bytes);
}
