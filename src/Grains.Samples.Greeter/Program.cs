using Grains.Handlers;
using Grains.Samples.Greeter;
using Grains.Server;

return await GrainsServer.RunAsync(args, grains => grains.AddHandler<Greeter>("greeter"));
