using Grains.Api.Problems;
using Microsoft.AspNetCore.Http;

namespace Grains.FrontEnd.Access;

/// <summary>Decides who may do what. Called for every guarded request, at once by many; it does not wait.</summary>
internal interface IAccessPolicy
{
    /// <param name="http">The request.</param>
    /// <param name="needed">What it needs.</param>
    /// <param name="caller">The key that it carries, if that is known; also of a refused one.</param>
    /// <returns>Null: it may.</returns>
    AccessRefusal? Refuse(HttpContext http, Permission needed, out HeldKey? caller);
}

/// <param name="Code"><see cref="ProblemCode.Unauthenticated"/> or <see cref="ProblemCode.Forbidden"/>.</param>
internal sealed record AccessRefusal(ProblemCode Code, string Detail);
