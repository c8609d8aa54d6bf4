using Orleans.Runtime.Services;
using Orleans.Services;

namespace Grains.Handlers.Servers;

/// <summary>What servers ask each other about handlers.</summary>
[Alias("grains.handlers")]
internal interface IHandlerService : IGrainService
{
    [Alias("describe"), ResponseTimeout("00:00:02")]
    Task<HandlerReport> Describe();
}

/// <summary>The way to a server by its address.</summary>
internal interface IHandlerServiceClient : IGrainServiceClient<IHandlerService>
{
    IHandlerService At(SiloAddress server);
}

internal sealed class HandlerServiceClient(IServiceProvider services)
    : GrainServiceClient<IHandlerService>(services), IHandlerServiceClient
{
    public IHandlerService At(SiloAddress server) => GetGrainService(server);
}
