namespace Grains.FrontEnd.Requests;

/// <summary>Media types of documents.</summary>
internal static class ApiMedia
{
    public const string Json = "application/json";

    /// <summary>A document on each line.</summary>
    public const string Lines = "application/x-ndjson";
}
