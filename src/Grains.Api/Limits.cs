namespace Grains.Api;

/// <summary>The limits that the API's page states.</summary>
public static class Limits
{
    /// <summary>Of a value, of a message's body, of a state.</summary>
    public const int ContentBytes = 1 << 20;

    /// <summary>Of all contents of one commit together.</summary>
    public const int CommitBytes = 4 << 20;

    /// <summary>Of a commit's JSON: its contents in base64, and room for the rest.</summary>
    public const int CommitJsonBytes = 6 << 20;

    /// <summary>Of every other JSON body.</summary>
    public const int JsonBytes = 64 << 10;

    public const int CommitSends = 1_000;
    public const int CommitKeys = 1_000;
    public const int CommitTimers = 100;
    public const int TimerNameChars = 64;
    public const int CronChars = 128;

    /// <summary>Of the body of what a timer sends.</summary>
    public const int TimerBytes = 32 << 10;

    /// <summary>Of the JSON that sets a timer.</summary>
    public const int TimerJsonBytes = 128 << 10;

    /// <summary>Of a chain of messages that are sent at once, each by the handling of the one before.</summary>
    public const int MailboxHops = 1_000_000_000;
    public const int KeyBytes = 1_024;
    public const int NodeBytes = 512;
    public const int NameChars = 63;
    public const int IdempotencyKeyChars = 255;
    public const int ContentTypeChars = 255;
    public const int MessageTypeChars = 255;
    public const int ReasonChars = 1_024;
    public const int MessageHeaders = 32;
    public const int MessageHeaderBytes = 8 << 10;
    public const int PageEntries = 1_000;
    public const int PageEntriesDefault = 100;

    /// <summary>Contents in one page; at least one entry is always given.</summary>
    public const int PageBytes = 4 << 20;

    /// <summary>Versions in one <c>If-Match</c> or <c>If-None-Match</c>.</summary>
    public const int EntityTags = 32;
    public const int DeliveryMessages = 1_000;
    public const int Attempts = 1_000;
    public const int MailboxMessages = 1_000_000;
    public const int HandlerUrls = 16;
    public const int HandlerUrlChars = 2_048;
    public const int HandlerInFlight = 1_024;
    public const long HandlerMsMin = 100;
    public const long HandlerMsMax = 3_600_000;
    public const long WaitMs = 60_000;

    /// <summary>Requests that wait for a delivery or a reply, on one server.</summary>
    public const int WaitingRequests = 8_192;
    public const long LeaseMsMin = 100;
    public const long LeaseMsMax = 12 * 3_600_000L;
    public const long DelayMs = 12 * 3_600_000L;

    /// <summary>How far off a message's time may be: a year.</summary>
    public const long DueMs = 365 * 86_400_000L;

    /// <summary>Ten years.</summary>
    public const long TtlMs = 3_650 * 86_400_000L;

    /// <summary>The greatest integer that every JSON reader keeps.</summary>
    public const long Version = (1L << 53) - 1;
}
