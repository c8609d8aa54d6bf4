using Grains.Api;

namespace Grains.Resp.Protocol;

/// <summary>What one connection may ask and hold.</summary>
internal static class RespLimits
{
    /// <summary>Of one argument: a value, at the most. More is refused when it is announced.</summary>
    public const int BulkBytesMax = Limits.ContentBytes;

    /// <summary>Arguments of one command: as many pairs as one transaction takes, and the verb.</summary>
    public const int ArgumentsMax = (2 * 4_096) + 1;

    /// <summary>Of one command, as it is sent.</summary>
    public const int CommandBytesMax = 8 << 20;

    /// <summary>Of a command that is one line.</summary>
    public const int InlineBytesMax = 64 << 10;

    /// <summary>Of the line that says how long what follows is.</summary>
    public const int LengthBytesMax = 32;

    /// <summary>Commands of a connection that are under way, or answered and not sent.</summary>
    public const int PipelinedMax = 1_024;

    /// <summary>What these hold: no more is read beyond it.</summary>
    public const int PipelinedBytesMax = 4 << 20;

    /// <summary>A read whose answer is not known yet counts as so much of it.</summary>
    public const int UnknownReadBytes = 64 << 10;

    /// <summary>Commands that a transaction queues.</summary>
    public const int QueuedMax = 4_096;

    /// <summary>Of what they bring.</summary>
    public const int QueuedBytesMax = 4 << 20;

    /// <summary>Values of one answer, of all its keys together.</summary>
    public const int AnswerBytesMax = 32 << 20;

    /// <summary>Keys that one <c>KEYS</c> gives.</summary>
    public const int KeysMax = 100_000;

    public const int WatchedMax = 1_024;

    /// <summary>Of the name that a client gives itself.</summary>
    public const int ClientNameBytesMax = 256;
}
