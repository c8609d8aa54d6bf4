using Grains.Api.Deliveries;
using Grains.Handlers;

namespace Grains.Faults.Handlers;

/// <summary>
/// An account that thinks for a while before it answers. It says on standard error when it <c>holds DELIVERY</c>, and
/// when it <c>answers DELIVERY</c>.
/// </summary>
internal sealed class SlowAccount : IHandler
{
    private static readonly TimeSpan _thinks = TimeSpan.FromMilliseconds(300);
    private readonly Account _account = new();

    public async ValueTask<CommitRequest> HandleAsync(Delivery delivery, CancellationToken cancel)
    {
        Console.Error.WriteLine($"holds {delivery.Id}");
        CommitRequest answer = await _account.HandleAsync(delivery, cancel);

        // Whatever was decided about its delivery meanwhile: what was frozen does not know.
        await Task.Delay(_thinks, CancellationToken.None);
        Console.Error.WriteLine($"answers {delivery.Id}");
        return answer;
    }
}
