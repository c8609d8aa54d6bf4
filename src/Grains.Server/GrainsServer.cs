using Grains.Journal.Folders;
using Grains.Server.Backups;
using Grains.Server.Cluster;
using Grains.Server.Limits;
using Grains.Server.Logs;
using Grains.Server.Options;
using Grains.Silo.Telemetry;

namespace Grains.Server;

/// <summary>A whole server, as a program of its own runs it.</summary>
public static class GrainsServer
{
    private const int _warningCharsMax = 2_000;

    /// <summary>
    /// Serves until the process is asked to end, or does what the words of the command line ask for instead.
    /// </summary>
    /// <param name="args">As <c>--help</c> lists them.</param>
    /// <param name="more">What is built in: handlers of hosted services.</param>
    /// <returns>The exit code of the process.</returns>
    public static async Task<int> RunAsync(string[] args, Action<ISiloBuilder>? more = null)
    {
        FolderAccess.CloseNewFiles();
        CommandLine line = CommandLine.Read(args);
        if (line.AsksForHelp)
        {
            Help.Write(Console.Out);
            return ExitCode.Ended;
        }

        IConfiguration file = SettingsFile.Read(line, Environment.GetEnvironmentVariable);
        if (GrainsOptionsReader.Read(
            line, file, Environment.GetEnvironmentVariable, out var problems) is not { } options)
        {
            return ExitCode.Refuse(problems);
        }

        if (options.SchemaToPrint is { } schema)
        {
            Console.Out.Write(ClusterSchema.Print(schema));
            return ExitCode.Ended;
        }

        if (ForeignSettings.Warn(GrainsHost.Variables(), Environment.CurrentDirectory) is { } warning)
        {
            Console.Error.WriteLine($"WARNING: {LogText.Of(warning, _warningCharsMax)}");
        }

        ProcessLimits.Apply(options.MemoryBytes);
        try
        {
            if (options.Command is { } command)
            {
                using ILoggerFactory logs = LoggerFactory.Create(logging => logging.AddGrainsConsole(options.Log));
                await new DataCommands(options, logs, Console.Out).RunAsync(command, CancellationToken.None);
                return ExitCode.Ended;
            }

            await using WebApplication server = await GrainsHost.CreateBuilder(options.Log).AddGrainsServerAsync(
                options, more ?? (_ => { }));
            server.MapGrainsServer(options);
            await server.ServeAsync(options);
            return ExitCode.Ended;
        }
        catch (Exception e) when (StartFailure.Explain(e, options) is { } why)
        {
            return ExitCode.Fail(why);
        }
    }
}
