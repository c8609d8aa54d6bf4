using System.Net;

namespace Grains.Resp;

/// <summary>What the door may be told. Inert: read once, at start.</summary>
public sealed class RespOptions
{
    /// <summary>Where it listens; null = it does not.</summary>
    public IPEndPoint? Address { get; set; }

    /// <summary>Where clients reach it, if that is another one; others are told so.</summary>
    public DnsEndPoint? Advertised { get; set; }

    /// <summary>
    /// Whoever asks for a key of another server is sent there, not only who has asked for the map.
    /// </summary>
    public bool AlwaysRedirects { get; set; }

    /// <summary>An address that somebody else has is no reason not to start: it was not asked for.</summary>
    public bool IsOptional { get; set; }

    /// <summary>
    /// Connections are served by the threads of .NET's pool, as where the system has no epoll. For tests.
    /// </summary>
    internal bool IsPooled { get; set; }

    /// <summary>Connections at once.</summary>
    public int ConnectionsMax { get; set; } = 4_096;
}
