namespace Grains.Checkers.Linearizability;

/// <summary>A set of linearized operations and the state they led to: searched once, never again.</summary>
internal sealed class Configuration<TState>(ulong hash, ulong[] linearized, TState state)
    : IEquatable<Configuration<TState>>
    where TState : notnull, IEquatable<TState>
{
    private readonly ulong _hash = hash;
    private readonly ulong[] _linearized = linearized;
    private readonly TState _state = state;

    public bool Equals(Configuration<TState>? other) =>
        other is not null
        && _hash == other._hash
        && _linearized.AsSpan().SequenceEqual(other._linearized)
        && _state.Equals(other._state);

    public override bool Equals(object? obj) => Equals(obj as Configuration<TState>);

    public override int GetHashCode() => HashCode.Combine(_hash, _state);
}
