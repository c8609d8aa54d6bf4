using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;

namespace Grains.Silo.Members;

/// <summary>
/// The transport of a server that is the whole cluster: it listens nowhere and connects to nobody. What its grains say
/// to each other never leaves the process, so there is no port whose callers would have to prove who they are.
/// </summary>
public static class NoConnections
{
    /// <exception cref="InvalidOperationException">
    /// Orleans registers its transport otherwise than this knows: it would have opened a port.
    /// </exception>
    public static ISiloBuilder UseNoConnections(this ISiloBuilder silo)
    {
        Replace<IConnectionListenerFactory>(silo.Services, new NoListeners());
        Replace<IConnectionFactory>(silo.Services, new NoPeers());
        return silo;
    }

    /// <summary>The keys are objects that only Orleans has; its registrations carry them.</summary>
    private static void Replace<T>(IServiceCollection services, T transport)
        where T : class
    {
        int replaced = 0;
        for (int i = 0; i < services.Count; i++)
        {
            if (services[i] is { IsKeyedService: true, ServiceKey: { } key } registered
                && registered.ServiceType == typeof(T))
            {
                services[i] = new ServiceDescriptor(typeof(T), key, transport);
                replaced++;
            }
        }

        if (replaced == 0)
        {
            throw new InvalidOperationException(
                $"Orleans registers no {typeof(T).Name}, so it would open a port. This version of it is not known "
                + "here.");
        }
    }

    private sealed class NoListeners : IConnectionListenerFactory
    {
        public ValueTask<IConnectionListener> BindAsync(
            EndPoint endpoint, CancellationToken cancellationToken = default) =>
            ValueTask.FromResult<IConnectionListener>(new NoListener(endpoint));
    }

    private sealed class NoListener(EndPoint endpoint) : IConnectionListener
    {
        private readonly TaskCompletionSource<ConnectionContext?> _ended = new(
            TaskCreationOptions.RunContinuationsAsynchronously);

        public EndPoint EndPoint { get; } = endpoint;

        public ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) =>
            new(_ended.Task.WaitAsync(cancellationToken));

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            _ended.TrySetResult(null);
            return ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync() => UnbindAsync();
    }

    private sealed class NoPeers : IConnectionFactory
    {
        public ValueTask<ConnectionContext> ConnectAsync(
            EndPoint endpoint, CancellationToken cancellationToken = default) =>
            throw new ConnectionAbortedException($"This server is alone; it opens no connection to {endpoint}.");
    }
}
