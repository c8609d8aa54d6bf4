using Grains.Api.Deliveries;
using Grains.Handlers;

namespace Grains.Benchmarks.Handlers;

/// <summary>Does nothing but count: all that is measured is getting to it and away from it.</summary>
internal sealed class EmptyHandler(HandledCount handled) : IHandler
{
    public ValueTask<CommitRequest> HandleAsync(Delivery delivery, CancellationToken cancel)
    {
        handled.Add(delivery.Messages.Length);
        return ValueTask.FromResult(new CommitRequest());
    }
}

/// <summary>How many messages were handled.</summary>
internal sealed class HandledCount
{
    private long _count;

    public long Value => Volatile.Read(ref _count);

    public void Add(int messages) => Interlocked.Add(ref _count, messages);
}
