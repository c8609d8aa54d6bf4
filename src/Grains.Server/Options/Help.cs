namespace Grains.Server.Options;

/// <summary>What <c>--help</c> prints.</summary>
internal static class Help
{
    public static void Write(TextWriter to)
    {
        to.WriteLine("Grains: services made of durable nodes.");
        to.WriteLine();
        Write(to, Setting.General);
        to.WriteLine();
        to.WriteLine("One server, with its data in a folder (the default):");
        Write(to, Setting.OneServer);
        to.WriteLine();
        to.WriteLine("Many servers, with their data in Postgres:");
        Write(to, Setting.ManyServers);
        to.WriteLine();
        to.WriteLine("Instead of serving, with the options that say where the data is:");
        to.WriteLine("  backup verify FILE        reads a backup (GET /v1/backup) through, and says what is in it");
        to.WriteLine("  restore FILE              puts a backup into an empty folder or schema; push and timers");
        to.WriteLine("                            wait for POST /v1/cluster:resume there, unless --live");
        to.WriteLine(
            "  migrate --from FOLDER     puts the folder of a stopped server into an empty schema of Postgres");
        to.WriteLine("  hash-key NAME PERMISSION [EXPIRY]");
        to.WriteLine(
            "                            prints the line of a keys file for the key on standard input, or for a new "
            + "one");
        to.WriteLine();
        to.WriteLine(
            "Also as environment variables (GRAINS_DATA, GRAINS_NO_SYNC) and in the file of --settings (Grains:Data, "
            + "Grains:NoSync);");
        to.WriteLine("the command line wins, then the environment.");
    }

    private static void Write(TextWriter to, Setting[] settings)
    {
        foreach (Setting setting in settings)
        {
            string name = setting.IsFlag ? setting.Switch : $"{setting.Switch} {setting.Value}";
            string preset = setting.IsFlag || setting.Default is null ? "" : $" [{setting.Default}]";
            to.WriteLine($"  {name,-25} {setting.Help}{preset}");
        }
    }
}
