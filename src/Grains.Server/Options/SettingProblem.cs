namespace Grains.Server.Options;

/// <summary>Why the server does not start: which key, its value, the rule, and what to do.</summary>
internal sealed record SettingProblem(string Key, string? Value, string Rule, string Remedy)
{
    public override string ToString() => $"  {Key}{(Value is null ? "" : $" = \"{Value}\"")}: {Rule}. {Remedy}.";
}
