using System.Text;
using Grains.Api.Problems;
using Grains.Operations.Access;
using Grains.Operations.Errors;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Grains.FrontEnd.Access;

/// <summary><c>Authorization: Bearer KEY</c>. Only hashes are compared.</summary>
internal sealed class KeyAccess(KeyRing keys) : IAccessPolicy
{
    private const int _tokenCharsMax = 512;
    private const string _scheme = "Bearer ";

    private static readonly OperationError _unknown = new(
        ProblemCode.Unauthenticated, "Send a known key once, as 'Authorization: Bearer KEY'.");

    public Admission Admit(HttpContext http, Permission needed)
    {
        if (Find(http.Request.Headers.Authorization) is not { } held)
        {
            return new Admission(_unknown, default, null);
        }

        Caller caller = Caller.Of(held);
        return new Admission(caller.Refuse(needed), caller, held);
    }

    private HeldKey? Find(StringValues header)
    {
        if (header.Count != 1 || header[0] is not { } value
            || value.Length > _scheme.Length + _tokenCharsMax
            || !value.StartsWith(_scheme, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        Span<byte> utf8 = stackalloc byte[_tokenCharsMax * 3];
        return keys.FindGiven(utf8[..Encoding.UTF8.GetBytes(value.AsSpan(_scheme.Length), utf8)]);
    }
}
