namespace Grains.Operations.Access;

/// <summary>What a key may do; each includes the ones before it.</summary>
public enum Permission
{
    /// <summary>See.</summary>
    Read = 1,

    /// <summary>And change: keys, messages, states, deliveries.</summary>
    Write = 2,

    /// <summary>And declare, delete what was declared, purge.</summary>
    Admin = 3,
}
