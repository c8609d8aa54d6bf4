using System.Net;
using Grains.Api;
using Grains.Api.Deliveries;
using Grains.Faults.Handlers;
using Grains.Handlers;
using Grains.Server;

const int laps = 20;

// "push ADDRESS:PORT": the handlers as a web server of their own. Else a server that has them built in.
if (args is not ["push", var address])
{
    return await GrainsServer.RunAsync(args, grains =>
    {
        grains.AddHandler<Deadly>("deadly").AddHandler<SlowAccount>("slow-bank");
        for (int lap = 0; lap < laps; lap++)
        {
            grains.AddHandler<Hop>($"ring-{lap}").AddHandler<Account>($"bank-{lap}").AddHandler<Clerk>($"clerk-{lap}");
        }
    });
}

WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPEndPoint.Parse(address)));
WebApplication app = builder.Build();
app.MapPost("/", http => HandleAsync(new Hop(), http));
app.MapPost("/slow-bank", http => HandleAsync(new SlowAccount(), http));
await app.RunAsync();
return 0;

static async Task HandleAsync(IHandler handler, HttpContext http)
{
    Delivery? delivery = await http.Request.ReadFromJsonAsync(WireJson.Context.Delivery);
    CommitRequest answer = await handler.HandleAsync(delivery!, http.RequestAborted);
    await http.Response.WriteAsJsonAsync(answer, WireJson.Context.CommitRequest);
}
