namespace Grains.Server.Options;

/// <summary>What <c>--help</c> prints.</summary>
internal static class Help
{
    public static void Write(TextWriter to)
    {
        to.WriteLine("Grains: services made of durable nodes.");
        to.WriteLine();
        foreach (Setting setting in Setting.All)
        {
            string name = setting.IsFlag ? setting.Switch : $"{setting.Switch} {setting.Value}";
            string preset = setting.IsFlag || setting.Default is null ? "" : $" [{setting.Default}]";
            to.WriteLine($"  {name,-26}{setting.Help}{preset}");
        }

        to.WriteLine();
        to.WriteLine("Also as environment variables (GRAINS_DATA, GRAINS_NO_SYNC) and in appsettings.json (Grains:Data, Grains:NoSync);");
        to.WriteLine("the command line wins, then the environment.");
    }
}
