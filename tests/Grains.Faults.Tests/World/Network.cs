using System.ComponentModel;
using System.Net;
using System.Net.NetworkInformation;
using Grains.Postgres.Testing;

namespace Grains.Faults.Tests.World;

/// <summary>
/// A network of a test's own: a switch in a network namespace, ends in namespaces of theirs, and this process as a host
/// on it. Between two ends everything can be dropped, silently and both ways, as by a cable that is cut.
/// </summary>
internal sealed class Network : IDisposable
{
    /// <summary>Where the system keeps named network namespaces.</summary>
    public const string Folder = "/run/netns";

    private const string _bridge = "bridge";
    private const int _endsMax = 200;

    // Locally administered, of nobody: frames to it reach every port of the switch and are taken by none.
    private const string _nobody = "02:00:00:00:00:99";
    private static readonly Lazy<string?> _whyNot = new(Try);
    private static int _networks;

    private readonly List<NetworkEnd> _ends = [];
    private readonly HashSet<(NetworkEnd From, NetworkEnd To)> _cut = [];
    private readonly string _name;
    private readonly string _switch;
    private readonly string _subnet;
    private readonly Action _atExit;

    public Network()
    {
        LeftOvers.Remove();
        int number = Interlocked.Increment(ref _networks);
        _name = $"{LeftOvers.Prefix}{number}";
        _switch = $"{_name}-switch";
        _subnet = FreeSubnet();
        _atExit = Remove;
        AtExit.Add(_atExit);
        try
        {
            PlugInThisProcess(number);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Why no network can be made here, or null if one can.</summary>
    public static string? WhyNot() => _whyNot.Value;

    /// <summary>The named network namespaces of this system.</summary>
    public static IEnumerable<string> Spaces() =>
        Directory.Exists(Folder) ? Directory.GetFiles(Folder).Select(f => Path.GetFileName(f)!) : [];

    public NetworkEnd AddEnd(string name)
    {
        int number = _ends.Count + 2;
        if (number > _endsMax)
        {
            throw new InvalidOperationException($"A network has {_endsMax} ends at the most.");
        }

        var end = new NetworkEnd($"{_name}-{name}", IPAddress.Parse($"{_subnet}.{number}"));
        string port = $"port{number}";
        Ip("netns", "add", end.Namespace);
        _ends.Add(end);
        Ip(
            "-n", _switch, "link", "add", "name", port, "type", "veth", "peer", "name", NetworkEnd.Interface, "netns",
            end.Namespace);
        PlugIn(port);
        In(end, "addr", "add", $"{end.Address}/24", "dev", NetworkEnd.Interface);
        In(end, "link", "set", NetworkEnd.Interface, "up");
        In(end, "link", "set", "lo", "up");
        return end;
    }

    /// <summary>From now on nothing from either reaches the other, and neither is told.</summary>
    public void Cut(NetworkEnd one, NetworkEnd other)
    {
        CutOneWay(one, other);
        CutOneWay(other, one);
    }

    /// <summary>Every cable is whole again; connections that are still believed in go on.</summary>
    public void Heal()
    {
        foreach ((NetworkEnd from, NetworkEnd to) in _cut)
        {
            In(from, "neigh", "del", $"{to.Address}", "dev", NetworkEnd.Interface);
        }

        _cut.Clear();
    }

    /// <summary>After the processes inside have ended: a namespace lives as long as one of them.</summary>
    public void Dispose()
    {
        AtExit.Remove(_atExit);
        Remove();
    }

    private static string? Try()
    {
        if (!Native.IsRoot)
        {
            return "cut networks need root, to make network namespaces";
        }

        try
        {
            DebianPackages.TryInstall("iproute2", program: "ip");
            using var network = new Network();
            network.AddEnd("try");
            return null;
        }
        catch (Exception e) when (e is IOException or Win32Exception)
        {
            return $"cut networks need ip of iproute2, network namespaces, veth and bridge: {e.Message}";
        }
    }

    private void CutOneWay(NetworkEnd from, NetworkEnd to)
    {
        if (_cut.Add((from, to)))
        {
            In(
                from, "neigh", "replace", $"{to.Address}", "lladdr", _nobody, "nud", "permanent", "dev",
                NetworkEnd.Interface);
        }
    }

    private void PlugInThisProcess(int number)
    {
        Ip("netns", "add", _switch);
        InSwitch("link", "add", "name", _bridge, "type", "bridge");
        InSwitch("link", "set", _bridge, "up");

        // The name of an interface has 15 letters at the most.
        string host = $"gr{Environment.ProcessId:x}-{number}";
        Ip("link", "add", "name", host, "type", "veth", "peer", "name", "host", "netns", _switch);
        PlugIn("host");
        Ip("addr", "add", $"{_subnet}.1/24", "dev", host);
        Ip("link", "set", host, "up");
    }

    private void PlugIn(string port)
    {
        InSwitch("link", "set", port, "master", _bridge);
        InSwitch("link", "set", port, "up");
    }

    // An interface goes with the namespace that its other end is in.
    private void Remove()
    {
        foreach (string space in _ends.Select(e => e.Namespace).Append(_switch)
            .Where(s => File.Exists($"{Folder}/{s}")))
        {
            Ip("netns", "del", space);
        }

        _ends.Clear();
    }

    /// <summary>Of the private addresses one that nothing here uses.</summary>
    private static string FreeSubnet()
    {
        List<string> used =
        [
            .. NetworkInterface.GetAllNetworkInterfaces()
                .SelectMany(i => i.GetIPProperties().UnicastAddresses)
                .Select(a => a.Address.ToString()),
        ];
        string subnet;
        do
        {
            subnet = $"10.{Random.Shared.Next(190, 250)}.{Random.Shared.Next(256)}";
        }
        while (used.Any(address => address.StartsWith($"{subnet}.", StringComparison.Ordinal)));
        return subnet;
    }

    private void InSwitch(params string[] arguments) => Ip(["-n", _switch, .. arguments]);

    private static void In(NetworkEnd end, params string[] arguments) => Ip(["-n", end.Namespace, .. arguments]);

    private static void Ip(params string[] arguments) => Tool.MustRun("ip", arguments);
}
