namespace Grains.Operations.Access;

/// <summary>A key in use, and what lets go of the requests that wait under it.</summary>
public sealed record HeldKey(AccessKey Key, KeyLife Life);

/// <summary>
/// For as long as a key may do something, requests that need just that may go on. Afterwards those that are short come
/// to their end, those that wait are answered, and what is left is cut off. Changed by one thread, used by any.
/// </summary>
public sealed class KeyLife
{
    private readonly Stage[] _stages = [.. Enum.GetValues<Permission>().Select(_ => new Stage())];

    /// <param name="needed">What the request needs; it ends when the key no longer may.</param>
    public Stage this[Permission needed] => Volatile.Read(ref _stages[(int)needed - 1]);

    /// <param name="held">What the key may do from now on; null = nothing.</param>
    public void Set(Permission? held)
    {
        foreach (Permission permission in Enum.GetValues<Permission>())
        {
            ref Stage stage = ref _stages[(int)permission - 1];
            if (held < permission || held is null)
            {
                stage.End();
            }
            else if (stage.IsOver)
            {
                Volatile.Write(ref stage, new Stage());
            }
        }
    }

    /// <summary>While one permission is held.</summary>
    public sealed class Stage
    {
        /// <summary>
        /// So that what does not wait is answered as ever. With the next one below the ten seconds that are promised.
        /// </summary>
        private static readonly TimeSpan _answerAfter = TimeSpan.FromSeconds(1);
        public static readonly TimeSpan CutAfter = TimeSpan.FromSeconds(4);

        private readonly CancellationTokenSource _ended = new();
        private readonly CancellationTokenSource _cut = new();

        public bool IsOver { get; private set; }

        /// <summary>Waiting for anything has no purpose any more.</summary>
        public CancellationToken Ended => _ended.Token;

        /// <summary>What did not heed the other is to be broken off.</summary>
        public CancellationToken Cut => _cut.Token;

        public void End()
        {
            if (!IsOver)
            {
                IsOver = true;
                _ended.CancelAfter(_answerAfter);
                _cut.CancelAfter(CutAfter);
            }
        }
    }
}
