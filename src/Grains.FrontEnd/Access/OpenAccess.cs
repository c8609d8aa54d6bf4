using Grains.Api.Problems;
using Grains.Operations.Access;
using Grains.Operations.Errors;
using Microsoft.AspNetCore.Http;

namespace Grains.FrontEnd.Access;

/// <summary>
/// Without keys everyone who reaches the address may do everything, but not a page of another site in somebody's
/// browser: neither by a request across sites (<c>Sec-Fetch-Site</c>, <c>Origin</c>) nor, on loopback, by a name of its
/// own that it lets resolve to this address (<c>Host</c>).
/// </summary>
internal sealed class OpenAccess(bool anyHost) : IAccessPolicy
{
    private static readonly OperationError _foreignHost = new(ProblemCode.Forbidden,
        "A server without keys answers only to localhost and loopback addresses as Host; configure keys, or start it "
        + "with --insecure.");

    private static readonly OperationError _foreignOrigin = new(ProblemCode.Forbidden,
        "A server without keys takes no requests from pages of other sites (Sec-Fetch-Site, Origin); configure keys.");

    public Admission Admit(HttpContext http, Permission needed) =>
        new(Refuse(http), Caller.Anyone(http.Connection.RemoteIpAddress), null);

    private OperationError? Refuse(HttpContext http) =>
        !anyHost && !Browsers.AsksForThisMachine(http) ? _foreignHost
        : Browsers.IsFromElsewhere(http, mayBehindTls: anyHost) ? _foreignOrigin
        : null;
}
