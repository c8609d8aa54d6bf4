using Grains.Api.Problems;
using Grains.Operations.Errors;
using Grains.Operations.Syntax;
using Grains.StateMachines.Ids;

namespace Grains.Operations.Deliveries;

/// <summary>
/// What a worker holds: the delivery's id and, after a dot, the name of its service, for which a commit's sends and
/// the default lease need no second look-up. Opaque to users; a forged service name gives nothing that naming the
/// service in the request would not.
/// </summary>
public readonly record struct DeliveryHandle(DeliveryId Id, string Service)
{
    public override string ToString() => $"{Id}.{Service}";

    /// <returns>What was given out, or <c>bad-id</c>.</returns>
    public static Result<DeliveryHandle> Parse(ReadOnlySpan<char> text)
    {
        int dot = text.IndexOf('.');
        return dot > 0 && DeliveryId.TryParse(text[..dot].ToString(), out DeliveryId id)
            && Names.IsDeclared(text[(dot + 1)..])
            ? new DeliveryHandle(id, text[(dot + 1)..].ToString())
            : new OperationError(ProblemCode.BadId, "This is no delivery id; send it exactly as it was given.");
    }
}
