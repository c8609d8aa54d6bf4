using Grains.Server;
using Grains.Server.Backups;
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
    if (options.Command is { } command)
    {
        using ILoggerFactory logs = LoggerFactory.Create(logging => logging.AddGrainsConsole());
        await new DataCommands(options, logs, Console.Out).RunAsync(command, CancellationToken.None);
        return ExitCode.Ended;
    }

    await using WebApplication server = await builder.AddGrainsServerAsync(options);
    server.MapGrainsServer(options);
    await server.ServeAsync(options);
    return ExitCode.Ended;
}
catch (Exception e) when (StartFailure.Explain(e, options) is { } why)
{
    return ExitCode.Fail(why);
}
