using Grains.Api.Problems;
using Grains.FrontEnd.Declarations;
using Grains.FrontEnd.Paths;
using Grains.FrontEnd.Problems;
using Grains.Silo.Partitions;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Slots;
using Microsoft.AspNetCore.Http;

namespace Grains.FrontEnd.Services;

/// <summary>Finds the service that a request is about, and calls partitions on its behalf.</summary>
internal sealed class ServiceCalls(IPartitions partitions, DeclarationCatalog catalog)
{
    public SlotMap Slots => partitions.Slots;

    /// <summary>The service in <c>/v1/services/{service}/…</c>.</summary>
    /// <exception cref="RequestRefusedException"><c>service-not-found</c>.</exception>
    /// <param name="http">The request.</param>
    /// <param name="mayBeOld">For a read of the past: no partition is asked for what is known here.</param>
    /// <param name="segment">Where in the path, where it is another one.</param>
    public ValueTask<ServiceSnapshot> FindAsync(HttpContext http, bool mayBeOld = false, int segment = 2)
    {
        ValueTask<ServiceSnapshot?> found =
            catalog.FindServiceAsync(Names.Declared(RequestPath.Of(http).Segment(segment), "service"), mayBeOld);
        return found.IsCompletedSuccessfully
            ? new ValueTask<ServiceSnapshot>(found.Result ?? throw DeclarationCatalog.NoService())
            : WaitAsync(found);

        static async ValueTask<ServiceSnapshot> WaitAsync(ValueTask<ServiceSnapshot?> found) =>
            await found ?? throw DeclarationCatalog.NoService();
    }

    /// <summary>Null = none of that name is declared.</summary>
    public ValueTask<ServiceSnapshot?> FindAsync(string name) => catalog.FindServiceAsync(name);

    public ValueTask<Answer> ExecuteAsync(PartitionId partition, Command command, CancellationToken cancel = default) =>
        partitions.ExecuteAsync(partition, command, cancel);

    /// <summary>The answer of the expected kind; every other one ends the request.</summary>
    public async ValueTask<T> ExecuteAsync<T>(
        ServiceSnapshot service, PartitionId partition, Command command, ProblemCode notFound, CancellationToken cancel = default)
        where T : Answer
    {
        Answer answer = await partitions.ExecuteAsync(partition, command, cancel);
        return answer as T ?? throw Refuse(answer, service.Name, notFound);
    }

    /// <summary>A refusal of the partition; one that says that the service is gone is remembered.</summary>
    public RequestRefusedException Refuse(Answer answer, string service, ProblemCode notFound)
    {
        if (answer is Refused { Code: Refusal.ServiceDeleted })
        {
            catalog.ForgetService(service);
        }

        return Refusals.ToException(answer, notFound);
    }

    /// <summary>Ids carry their partition; one that this cluster does not have was not given out here.</summary>
    public bool Has(PartitionId partition) => partitions.Slots.Partitions.Contains(partition);

    /// <summary>Node id in <c>/v1/services/{service}/nodes/{node}/…</c>.</summary>
    public static Utf8Name NodeOf(HttpContext http, int segment = 4) => Names.Node(RequestPath.Of(http).Segment(segment));
}
