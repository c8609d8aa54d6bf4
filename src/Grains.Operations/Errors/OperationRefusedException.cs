namespace Grains.Operations.Errors;

/// <summary>
/// Ends a longer piece of work, such as a look-up that many wait for; <see cref="Refusals.Of(Exception)"/> makes a
/// value of it.
/// </summary>
internal sealed class OperationRefusedException(OperationError error) : Exception(error.Detail)
{
    public OperationError Error { get; } = error;
}
