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

    /// <summary>Lines of a batch of keys.</summary>
    public const int BatchLines = 1_000;

    /// <summary>Of one of its lines: a value in base64, and room for the rest.</summary>
    public const int BatchLineBytes = 3 << 19;

    /// <summary>Of the whole batch.</summary>
    public const int BatchBytes = 6 << 20;

    /// <summary>For so long lines of a batch are begun.</summary>
    public const int BatchMs = 30_000;

    /// <summary>Of every other JSON body.</summary>
    public const int JsonBytes = 64 << 10;

    /// <summary>Messages that one commit sends.</summary>
    public const int CommitSends = 1_000;

    /// <summary>Keys that one commit changes.</summary>
    public const int CommitKeys = 1_000;

    /// <summary>Timers that one commit sets.</summary>
    public const int CommitTimers = 100;

    /// <summary>Of a timer's name.</summary>
    public const int TimerNameChars = 64;

    /// <summary>Of a cron line.</summary>
    public const int CronChars = 128;

    /// <summary>Of the body of what a timer sends.</summary>
    public const int TimerBytes = 32 << 10;

    /// <summary>Of the JSON that sets a timer.</summary>
    public const int TimerJsonBytes = 128 << 10;

    /// <summary>Of a chain of messages that are sent at once, each by the handling of the one before.</summary>
    public const int MailboxHops = 1_000_000_000;

    /// <summary>Of a key, in UTF-8.</summary>
    public const int KeyBytes = 1_024;

    /// <summary>Of a node's id, in UTF-8.</summary>
    public const int NodeBytes = 512;

    /// <summary>Of the name of a keyspace or a service.</summary>
    public const int NameChars = 63;

    /// <summary>Of an <c>Idempotency-Key</c>.</summary>
    public const int IdempotencyKeyChars = 255;

    /// <summary>Of a content type.</summary>
    public const int ContentTypeChars = 255;

    /// <summary>Of a message's type.</summary>
    public const int MessageTypeChars = 255;

    /// <summary>Of the reason of a rejection.</summary>
    public const int ReasonChars = 1_024;

    /// <summary>Headers that are kept with one message.</summary>
    public const int MessageHeaders = 32;

    /// <summary>Of all these headers, names and values.</summary>
    public const int MessageHeaderBytes = 8 << 10;

    /// <summary>Entries of one page.</summary>
    public const int PageEntries = 1_000;

    /// <summary>Entries of one page where nothing is asked.</summary>
    public const int PageEntriesDefault = 100;

    /// <summary>Contents in one page; at least one entry is always given.</summary>
    public const int PageBytes = 4 << 20;

    /// <summary>Versions in one <c>If-Match</c> or <c>If-None-Match</c>.</summary>
    public const int EntityTags = 32;

    /// <summary>Messages of one delivery.</summary>
    public const int DeliveryMessages = 1_000;

    /// <summary>Attempts that a service may allow.</summary>
    public const int Attempts = 1_000;

    /// <summary>Messages that a service may allow in a mailbox.</summary>
    public const int MailboxMessages = 1_000_000;

    /// <summary>URLs of one push handler.</summary>
    public const int HandlerUrls = 16;

    /// <summary>Of one such URL.</summary>
    public const int HandlerUrlChars = 2_048;

    /// <summary>Deliveries that one service may have at once, on one server.</summary>
    public const int HandlerInFlight = 1_024;

    /// <summary>The shortest time that a handler may be given.</summary>
    public const long HandlerMsMin = 100;

    /// <summary>The longest time that a handler may be given.</summary>
    public const long HandlerMsMax = 3_600_000;

    /// <summary>The longest wait of a request.</summary>
    public const long WaitMs = 60_000;

    /// <summary>Requests that wait for a delivery or a reply, on one server.</summary>
    public const int WaitingRequests = 8_192;

    /// <summary>The shortest lease.</summary>
    public const long LeaseMsMin = 100;

    /// <summary>The longest lease.</summary>
    public const long LeaseMsMax = 12 * 3_600_000L;

    /// <summary>The longest pause after a rejection.</summary>
    public const long DelayMs = 12 * 3_600_000L;

    /// <summary>How far off a message's time may be: a year.</summary>
    public const long DueMs = 365 * 86_400_000L;

    /// <summary>Ten years.</summary>
    public const long TtlMs = 3_650 * 86_400_000L;

    /// <summary>The greatest integer that every JSON reader keeps.</summary>
    public const long Version = (1L << 53) - 1;
}
