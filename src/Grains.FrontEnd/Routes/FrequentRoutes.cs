using Grains.FrontEnd.Paths;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Grains.FrontEnd.Routes;

/// <summary>
/// Finds the routes that most requests are for by the look of their path. Routing would make a table of the names in
/// it, which nobody asks: they are read from the path as it was sent. A path that looks in any way otherwise is left to
/// routing.
/// </summary>
internal sealed class FrequentRoutes(EndpointDataSource endpoints) : IStartupFilter
{
    /// <summary>Begins a word of a template that stands for any name.</summary>
    private const char _name = '{';

    /// <summary>Begins the last one, where it may hold slashes.</summary>
    private const string _rest = "{**";

    private readonly Lazy<Frequent[]> _routes = new(() =>
    [
        .. from endpoint in endpoints.Endpoints.OfType<RouteEndpoint>()
           where endpoint.Metadata.GetOrderedMetadata<ApiRoute>().Any(r => r.IsFrequent)
           from method in endpoint.Metadata.GetRequiredMetadata<IHttpMethodMetadata>().HttpMethods
           select new Frequent(method, endpoint.RoutePattern.RawText!.TrimStart('/').Split('/'), endpoint),
    ]);

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use(routing => http =>
        {
            if (Find(http.Request.Method, RequestPath.Of(http).From(0)) is { } endpoint)
            {
                http.SetEndpoint(endpoint);
            }

            return routing(http);
        });
        next(app);
    };

    /// <param name="method">Of the request.</param>
    /// <param name="path">As it was sent, without its first slash.</param>
    /// <returns>Null: routing finds it, or that there is none.</returns>
    internal Endpoint? Find(string method, ReadOnlySpan<char> path)
    {
        foreach (Frequent route in _routes.Value)
        {
            if (route.Method == method && Fits(route.Words, path))
            {
                return route.Endpoint;
            }
        }

        return null;
    }

    private static bool Fits(string[] words, ReadOnlySpan<char> path)
    {
        for (int i = 0; i < words.Length; i++)
        {
            string word = words[i];
            int slash = path.IndexOf('/');
            ReadOnlySpan<char> segment = slash < 0 ? path : path[..slash];
            if (segment.Length == 0 || (word[0] != _name && !segment.SequenceEqual(word)))
            {
                return false;
            }

            if (i == words.Length - 1)
            {
                return slash < 0 || word.StartsWith(_rest, StringComparison.Ordinal);
            }

            path = path[(segment.Length + (slash < 0 ? 0 : 1))..];
        }

        return false;
    }

    private sealed record Frequent(string Method, string[] Words, Endpoint Endpoint);
}
