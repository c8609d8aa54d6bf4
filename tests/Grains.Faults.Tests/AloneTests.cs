using System.Reflection;

namespace Grains.Faults.Tests;

public class AloneTests
{
    private static readonly Type[] _types = typeof(AloneTests).Assembly.GetTypes();

    /// <summary>Else infra/test runs them beside other suites, and they measure those.</summary>
    [Fact]
    public void Tests_that_nothing_may_run_beside_have_the_trait_of_it()
    {
        HashSet<object?> alone =
        [
            .. _types.Where(t => t.GetCustomAttribute<CollectionDefinitionAttribute>() is { DisableParallelization: true })
                .Select(t => Arguments<CollectionDefinitionAttribute>(t)[0])
        ];
        Type[] tests =
        [
            .. _types.Where(t => !t.IsAbstract && Arguments<CollectionAttribute>(t) is [var name] && alone.Contains(name))
        ];
        Assert.Equal(5, tests.Length);
        Assert.All(tests, t => Assert.Equal([OneAtATime.Machine, OneAtATime.Alone], Arguments<TraitAttribute>(t)));
    }

    /// <summary>Of the attribute of the class, or of the nearest base that has it.</summary>
    private static object?[] Arguments<T>(Type type) =>
        type.CustomAttributes.FirstOrDefault(a => a.AttributeType == typeof(T)) is { } found
            ? [.. found.ConstructorArguments.Select(a => a.Value)]
            : type.BaseType is { } parent ? Arguments<T>(parent) : [];
}
