using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace Grains.FrontEnd.Routes;

/// <summary>Pages that libraries map.</summary>
public static class HeadRoutes
{
    /// <summary>
    /// What they map for <c>GET</c> is answered to <c>HEAD</c> too; the web server leaves the body out.
    /// </summary>
    public static TBuilder WithHead<TBuilder>(this TBuilder pages)
        where TBuilder : IEndpointConventionBuilder
    {
        pages.Add(page =>
        {
            if (page.Metadata.OfType<IHttpMethodMetadata>().LastOrDefault() is { HttpMethods: var methods }
                && methods.Contains("GET") && !methods.Contains("HEAD"))
            {
                page.Metadata.Add(new HttpMethodMetadata([.. methods, "HEAD"]));
            }
        });
        return pages;
    }
}
