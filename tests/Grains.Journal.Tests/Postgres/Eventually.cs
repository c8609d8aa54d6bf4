using System.Diagnostics;

namespace Grains.Journal.Tests.Postgres;

/// <summary>Waits for a condition, and says which one never came.</summary>
public static class Eventually
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(30);

    public static Task TrueAsync(Func<Task<bool>> condition, string what) =>
        NotNullAsync(async () => await condition() ? what : null, what);

    public static async Task<T> NotNullAsync<T>(Func<Task<T?>> value, string what)
        where T : class
    {
        for (Stopwatch waited = Stopwatch.StartNew(); waited.Elapsed < _deadline; await Task.Delay(10))
        {
            if (await value() is { } found)
            {
                return found;
            }
        }

        throw new TimeoutException($"It did not come about within {_deadline.TotalSeconds} s: {what}.");
    }
}
