namespace Grains.Journal.Memory;

/// <summary>What goes wrong in one call.</summary>
public enum MemoryFault
{
    None,

    /// <summary>Append: written, but the answer is lost.</summary>
    UnknownWritten,

    /// <summary>Append: lost on the way; the caller cannot know.</summary>
    UnknownNotWritten,

    /// <summary>Append: the caller is told Unknown, and the write arrives later, if it still may.</summary>
    UnknownWrittenLater,

    /// <summary>Append: written, the answer lost, and the network delivers it a second time later.</summary>
    UnknownWrittenTwice,

    /// <summary>Append: a definite error.</summary>
    Refused,

    /// <summary>Acquire: the partition cannot be opened here.</summary>
    NotHere,

    /// <summary>The process ends just before the step.</summary>
    CrashBefore,

    /// <summary>The process ends just after the step, before anyone is told.</summary>
    CrashAfter,

    /// <summary>Append: the process ends while the row is being written; a part of it, or all, arrives.</summary>
    Torn,
}
