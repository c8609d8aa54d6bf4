using System.Diagnostics.CodeAnalysis;

namespace Grains.Operations.Errors;

/// <summary>What an operation gave, or why it gave nothing.</summary>
public readonly struct Result<T>
    where T : notnull
{
    private readonly T? _value;

    private Result(T? value, OperationError? error) => (_value, Error) = (value, error);

    /// <summary>Null = it succeeded.</summary>
    public OperationError? Error { get; }

    /// <summary>One of the two is there.</summary>
    public bool TryGet([NotNullWhen(true)] out T? value, [NotNullWhen(false)] out OperationError? error)
    {
        (value, error) = (_value, Error);
        return error is null;
    }

    public static implicit operator Result<T>(T value) => new(value, null);

    public static implicit operator Result<T>(OperationError error) => new(default, error);
}

/// <summary>An operation that succeeded and has nothing to say.</summary>
public readonly record struct Nothing;
