using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;

namespace Grains.FrontEnd.Gate;

/// <summary>Puts the gate before everything else, routing included, wherever the host adds routing.</summary>
internal sealed class RequestGateFilter : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.UseMiddleware<RequestGate>();
        next(app);
    };
}
