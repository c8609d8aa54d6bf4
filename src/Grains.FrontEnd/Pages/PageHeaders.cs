using Microsoft.AspNetCore.Http;

namespace Grains.FrontEnd.Pages;

/// <summary>
/// What every answer says to browsers: nobody frames it, its type is no guess, other sites do not load it, it does not
/// tell where it was, and nothing in it runs. The two pages that are programs name what they need.
/// </summary>
public static class PageHeaders
{
    private const string _nothing = "default-src 'none'; frame-ancestors 'none'; sandbox";

    private const string _own = "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
        + "font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
        + "script-src 'self'";

    /// <summary>Before anything else is known of the answer.</summary>
    public static void Set(IHeaderDictionary headers)
    {
        headers.XContentTypeOptions = "nosniff";
        headers.ContentSecurityPolicy = _nothing;
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Referrer-Policy"] = "no-referrer";
    }

    /// <summary>For a page that runs scripts of this server.</summary>
    /// <param name="headers">Of the answer.</param>
    /// <param name="nonce">Of scripts that stand in the page itself; null = there are none.</param>
    public static void AllowOwnScripts(IHeaderDictionary headers, string? nonce = null) =>
        headers.ContentSecurityPolicy = nonce is null ? _own : $"{_own} 'nonce-{nonce}'";
}
