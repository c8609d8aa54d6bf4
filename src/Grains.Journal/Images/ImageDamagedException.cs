namespace Grains.Journal.Images;

/// <summary>
/// An image is not what a journal gave out: cut off, changed, or put together wrongly. Nothing of it is used.
/// </summary>
public sealed class ImageDamagedException(string what, Exception? inner = null)
    : Exception($"The image is damaged: {what} Nothing was restored from it. Use another backup.", inner);
