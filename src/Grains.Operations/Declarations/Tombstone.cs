using System.Globalization;
using System.Text;
using Grains.StateMachines.Codecs;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;

namespace Grains.Operations.Declarations;

/// <summary>What can be declared.</summary>
public enum Kind
{
    Keyspaces = 1,
    Services = 2,
}

/// <summary>
/// Says that a declaration is deleted and that its content is being forgotten. The key is
/// <c>dropped/services/{id}</c> or <c>dropped/keyspaces/{id}</c>, the value the name.
/// </summary>
/// <param name="Id">The declaration's creating revision: another declaration of the same name is not meant.</param>
public sealed record Tombstone(Kind Kind, long Id, string Name)
{
    public const string Prefix = "dropped/";

    public Utf8Name Key => new(string.Create(CultureInfo.InvariantCulture,
        $"{Prefix}{SystemKeyspace.FolderOf(Kind)}{Id}"));

    public byte[] Value => Encoding.UTF8.GetBytes(Name);

    public static Tombstone Read(KeyView entry)
    {
        string[] parts = entry.Key.ToString().Split('/');
        Kind kind = parts is [_, "keyspaces", _] ? Kind.Keyspaces : Kind.Services;
        return new Tombstone(kind, WholeNumber.Parse(parts[^1]), Encoding.UTF8.GetString(entry.Value));
    }
}
