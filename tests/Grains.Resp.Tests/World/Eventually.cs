namespace Grains.Resp.Tests.World;

internal static class Eventually
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(20);

    public static async Task UntilAsync(Func<bool> holds)
    {
        using var deadline = new CancellationTokenSource(_deadline);
        while (!holds())
        {
            await Task.Delay(1, deadline.Token);
        }
    }
}
