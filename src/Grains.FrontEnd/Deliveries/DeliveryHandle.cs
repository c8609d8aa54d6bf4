using Grains.Api.Problems;
using Grains.FrontEnd.Paths;
using Grains.FrontEnd.Problems;
using Grains.StateMachines.Ids;

namespace Grains.FrontEnd.Deliveries;

/// <summary>
/// What a worker holds: the delivery's id and, after a dot, the name of its service, for which a commit's sends and
/// the default lease need no second look-up. Opaque to users; a forged service name gives nothing that naming the
/// service in the request would not.
/// </summary>
internal readonly record struct DeliveryHandle(DeliveryId Id, string Service)
{
    public override string ToString() => $"{Id}.{Service}";

    /// <exception cref="RequestRefusedException"><c>bad-id</c>.</exception>
    public static DeliveryHandle Parse(ReadOnlySpan<char> text)
    {
        int dot = text.IndexOf('.');
        return dot > 0 && DeliveryId.TryParse(text[..dot].ToString(), out DeliveryId id) && Names.IsDeclared(text[(dot + 1)..])
            ? new DeliveryHandle(id, text[(dot + 1)..].ToString())
            : throw new RequestRefusedException(ProblemCode.BadId, "The path holds no delivery id; send it exactly as it was given.");
    }
}
