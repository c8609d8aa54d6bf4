return await Grains.Server.GrainsServer.RunAsync(args);
