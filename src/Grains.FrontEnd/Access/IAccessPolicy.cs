using Grains.Operations.Access;
using Grains.Operations.Errors;
using Microsoft.AspNetCore.Http;

namespace Grains.FrontEnd.Access;

/// <summary>
/// Decides who a caller is and what they may do. Called for every guarded request, at once by many; it does not wait.
/// </summary>
internal interface IAccessPolicy
{
    /// <param name="http">The request.</param>
    /// <param name="needed">What it needs.</param>
    Admission Admit(HttpContext http, Permission needed);
}

/// <summary>Whether a request is let in.</summary>
/// <param name="Refusal">Null: it is.</param>
/// <param name="Caller">On whose account.</param>
/// <param name="Key">The key that it carries, if that is known; also of a refused one.</param>
internal readonly record struct Admission(OperationError? Refusal, Caller Caller, HeldKey? Key);
