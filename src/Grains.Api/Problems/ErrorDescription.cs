namespace Grains.Api.Problems;

/// <summary>What goes with an error code.</summary>
/// <param name="Code">As on the wire: <c>version-mismatch</c>.</param>
/// <param name="Status">HTTP status.</param>
/// <param name="Title">A few words, the same for every occurrence.</param>
/// <param name="Retryable">True = the same request may be answered otherwise a moment later.</param>
public sealed record ErrorDescription(string Code, int Status, string Title, bool Retryable)
{
    /// <summary>Path of the page with cause and remedy.</summary>
    public string Page { get; } = "/errors/" + Code;
}
