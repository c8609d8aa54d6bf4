using Grains.Api;
using Grains.Api.Problems;
using Grains.FrontEnd.Problems;
using Grains.Operations.Errors;
using Grains.Operations.Services;
using Grains.Operations.Syntax;
using Grains.StateMachines.Ids;
using Microsoft.AspNetCore.Http;

namespace Grains.FrontEnd.Paths;

/// <summary>Names and ids in the path of a request, escapes kept.</summary>
internal static class PathNames
{
    /// <summary>A key.</summary>
    public static Utf8Name Key(ReadOnlySpan<char> raw)
    {
        Span<byte> bytes = stackalloc byte[Limits.KeyBytes + 1];
        return Names.Key(Decode(raw, bytes, "key"), "key").OrRefuse();
    }

    /// <summary>A node id.</summary>
    public static Utf8Name Node(ReadOnlySpan<char> raw)
    {
        Span<byte> bytes = stackalloc byte[Limits.NodeBytes + 1];
        return Names.Node(Decode(raw, bytes, "node id"), "node id").OrRefuse();
    }

    /// <summary>The node in <c>/v1/services/{service}/nodes/{node}/…</c>.</summary>
    /// <param name="http">The request.</param>
    /// <param name="service">Where in the path the service stands, if it is another place.</param>
    public static NodeAddress NodeOf(HttpContext http, int service = 2)
    {
        RequestPath path = RequestPath.Of(http);
        return new NodeAddress(path.Segment(service).ToString(), Node(path.Segment(service + 2)));
    }

    /// <summary>The node in <c>/v1/services/{service}/nodes/{node}:verb</c>.</summary>
    public static NodeAddress NodeBeforeVerb(HttpContext http)
    {
        RequestPath path = RequestPath.Of(http);
        return new NodeAddress(path.Segment(2).ToString(), Node(path.SegmentBeforeVerb(4)));
    }

    /// <summary>The name of a keyspace or service; its characters need no escapes, so none are taken.</summary>
    public static string Declared(ReadOnlySpan<char> name, string what) =>
        Names.RefuseDeclared(name, what) is { } refused
        ? throw new RequestRefusedException(refused)
        : name.ToString();

    public static MessageId Message(ReadOnlySpan<char> text) => MessageId.TryParse(text.ToString(), out MessageId id)
        ? id
        : throw new RequestRefusedException(
            ProblemCode.BadId, "The path holds no message id; send it exactly as it was given.");

    private static Span<byte> Decode(ReadOnlySpan<char> raw, Span<byte> to, string what)
    {
        if (!PercentDecoding.TryDecode(raw, to, plusIsSpace: false, out int written))
        {
            throw new RequestRefusedException(written == to.Length
                ? Names.TooLong(what, to.Length - 1)
                : new OperationError(ProblemCode.BadPath, $"The {what} has a broken percent-escape."));
        }

        return to[..written];
    }
}
