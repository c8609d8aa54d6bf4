using System.Runtime.CompilerServices;

namespace Grains.Journal.Images;

/// <summary>An image on its way, held to its rules.</summary>
public static class ImageChecking
{
    /// <summary>
    /// The same parts; throws instead of the first that cannot stand where it does, or of an end too soon.
    /// </summary>
    /// <exception cref="ImageDamagedException">It is not what a journal gave out.</exception>
    public static async IAsyncEnumerable<ImagePart> Checked(
        this IAsyncEnumerable<ImagePart> parts, ImageChecks checks,
        [EnumeratorCancellation] CancellationToken cancel = default)
    {
        await foreach (ImagePart part in parts.WithCancellation(cancel))
        {
            checks.Check(part);
            yield return part;
        }

        checks.Finish();
    }
}
