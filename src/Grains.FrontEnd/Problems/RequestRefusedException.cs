using Grains.Api.Problems;
using Grains.Operations.Errors;

namespace Grains.FrontEnd.Problems;

/// <summary>
/// A request that cannot be read as one of this API, or that there is no memory for; becomes its answer.
/// </summary>
internal sealed class RequestRefusedException(OperationError error) : Exception(error.Detail)
{
    public RequestRefusedException(ProblemCode code, string detail)
        : this(new OperationError(code, detail))
    {
    }

    public OperationError Error { get; } = error;
}

/// <summary>For what is read from a request piece by piece.</summary>
internal static class ReadResults
{
    /// <exception cref="RequestRefusedException">It could not be read.</exception>
    public static T OrRefuse<T>(this Result<T> read)
        where T : notnull =>
        read.TryGet(out T? value, out OperationError? error) ? value : throw new RequestRefusedException(error);
}
