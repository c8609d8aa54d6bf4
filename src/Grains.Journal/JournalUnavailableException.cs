namespace Grains.Journal;

/// <summary>The journal cannot be opened, or could not do what was asked of it; the call changed nothing.</summary>
public sealed class JournalUnavailableException(string message, Exception? inner = null) : Exception(message, inner);
