using Grains.Server;
using Grains.Server.Cluster;
using Grains.Server.Options;

CommandLine line = CommandLine.Read(args);
if (line.AsksForHelp)
{
    Help.Write(Console.Out);
    return ExitCode.Ended;
}

WebApplicationBuilder builder = GrainsHost.CreateBuilder();
if (GrainsOptionsReader.Read(line, builder.Configuration, Environment.GetEnvironmentVariable, out var problems) is not { } options)
{
    return ExitCode.Refuse(problems);
}

if (options.SchemaToPrint is { } schema)
{
    Console.Out.Write(ClusterSchema.Print(schema));
    return ExitCode.Ended;
}

try
{
    await using WebApplication server = await builder.AddGrainsServerAsync(options);
    server.MapGrainsServer(options);
    await server.ServeAsync(options);
    return ExitCode.Ended;
}
catch (Exception e) when (StartFailure.Explain(e, options) is { } why)
{
    return ExitCode.Fail(why);
}
