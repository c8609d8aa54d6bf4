using Grains.Api.Problems;
using Microsoft.AspNetCore.Http;

namespace Grains.FrontEnd.Access;

/// <summary>Decides who may do what. Called for every guarded request, at once by many; it does not wait.</summary>
internal interface IAccessPolicy
{
    AccessRefusal? Refuse(HttpContext http, Permission needed);
}

/// <param name="Code"><see cref="ProblemCode.Unauthenticated"/> or <see cref="ProblemCode.Forbidden"/>.</param>
internal sealed record AccessRefusal(ProblemCode Code, string Detail);
