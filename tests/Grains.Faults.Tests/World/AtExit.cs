namespace Grains.Faults.Tests.World;

/// <summary>
/// What must not outlive this process, even if it is interrupted between a start and its clean-up. Run newest first.
/// </summary>
internal static class AtExit
{
    private static readonly Lock _gate = new();
    private static readonly List<Action> _actions = [];

    static AtExit() => AppDomain.CurrentDomain.ProcessExit += (_, _) => RunAll();

    public static void Add(Action action)
    {
        lock (_gate)
        {
            _actions.Add(action);
        }
    }

    public static void Remove(Action action)
    {
        lock (_gate)
        {
            _actions.Remove(action);
        }
    }

    private static void RunAll()
    {
        lock (_gate)
        {
            for (int i = _actions.Count - 1; i >= 0; i--)
            {
                try
                {
                    _actions[i]();
                }
                catch (Exception e) when (e is IOException or InvalidOperationException or UnauthorizedAccessException)
                {
                    Console.Error.WriteLine($"clean-up at exit: {e.Message}");
                }
            }
        }
    }
}
