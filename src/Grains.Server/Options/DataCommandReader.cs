namespace Grains.Server.Options;

/// <summary>The words before the options.</summary>
internal sealed class DataCommandReader(SettingSource source)
{
    private const string _known = "Write backup verify FILE, restore FILE, migrate --from FOLDER, or hash-key NAME "
        + "PERMISSION, before the options; or "
        + "nothing, to serve";

    /// <returns>Null: there are none, so it serves; or they are wrong.</returns>
    public DataCommand? Read(IReadOnlyList<string> words, bool hasPostgres)
    {
        DataCommand? command = words switch
        {
            ["backup", "verify", var file] => new DataCommand.Verify(Path.GetFullPath(file)),
            ["restore", var file] => new DataCommand.Restore(Path.GetFullPath(file), source.Flag(Setting.Live)),
            ["migrate"] => Migrate(hasPostgres),
            ["hash-key", var name, var permission] => new DataCommand.HashKey(name, permission, null),
            ["hash-key", var name, var permission, var expiry] => new DataCommand.HashKey(name, permission, expiry),
            _ => null,
        };
        if (command is null && words.Count > 0 && words is not ["migrate"])
        {
            // What stands there may be a value without its option, and secret: only the place is shown.
            source.Wrong(new SettingProblem("word 1", null, "is no command, or lacks what it is about", _known));
        }

        if (words is not ["migrate"] && source.IsGiven(Setting.From))
        {
            source.Wrong(
                Setting.From, source.Find(Setting.From).Value, "belongs to the command migrate",
                "Write migrate as the first word");
        }

        if (words is not ["restore", _] && source.IsGiven(Setting.Live))
        {
            source.Wrong(
                Setting.Live, source.Find(Setting.Live).Value, "belongs to the command restore",
                "Write restore FILE as the first words");
        }

        return command;
    }

    private DataCommand.Migrate? Migrate(bool hasPostgres)
    {
        if (!hasPostgres)
        {
            source.Wrong(Setting.Postgres, null, "is missing: it says where to migrate to",
                $"Give {Setting.Postgres.Variable} or {Setting.PostgresFile.Switch}");
        }

        if (source.Find(Setting.From).Value is { Length: > 0 } folder)
        {
            return new DataCommand.Migrate(Path.GetFullPath(folder));
        }

        source.Wrong(
            Setting.From, null, "is missing: it says what to migrate",
            $"Write {Setting.From.Switch} {Setting.From.Value}");
        return null;
    }
}
