using System.Collections.Frozen;
using Grains.Api;
using Grains.Api.Deliveries;
using Grains.Handlers.Runs;
using Grains.Operations.Declarations;
using Grains.Operations.Deliveries;
using Grains.StateMachines.Deliveries;
using Microsoft.Extensions.DependencyInjection;

namespace Grains.Handlers.Hosted;

/// <summary>The classes that were built into this server, by service.</summary>
internal sealed class HostedHandlers
{
    private readonly FrozenDictionary<string, Type> _types;
    private readonly IServiceScopeFactory _scopes;

    /// <exception cref="InvalidOperationException">Two classes for one service.</exception>
    public HostedHandlers(IEnumerable<HostedHandler> handlers, IServiceScopeFactory scopes)
    {
        var types = new Dictionary<string, Type>(StringComparer.Ordinal);
        foreach (HostedHandler handler in handlers)
        {
            if (!types.TryAdd(handler.Service, handler.Type))
            {
                throw new InvalidOperationException(
                    $"Service '{handler.Service}' is given two handlers, {types[handler.Service]} and {handler.Type}; "
                    + "keep one.");
            }
        }

        _types = types.ToFrozenDictionary(StringComparer.Ordinal);
        _scopes = scopes;
        Names = [.. _types.Keys.Order(StringComparer.Ordinal)];
    }

    public string[] Names { get; }

    public async Task<HandlerOutcome> HandleAsync(
        ServiceSnapshot service, DeliveryGiven given, CancellationToken cancel)
    {
        if (!_types.TryGetValue(service.Name, out Type? type))
        {
            return new HandlerOutcome.Later($"This server has no class for '{service.Name}'.");
        }

        Delivery delivery = DeliveryDocuments.Write(service, given);
        try
        {
            // Off the node's own scheduler: a handler that blocks holds up itself only.
            CommitRequest? commit = await Task.Run(() => CallAsync(type, delivery, cancel), cancel);
            return commit is null
                ? new HandlerOutcome.Failed(
                    $"{type.Name} returned null; return what is to be committed, an empty {nameof(CommitRequest)} at "
                    + "least")
                : new HandlerOutcome.Commit(commit);
        }
        catch (LaterException e)
        {
            return new HandlerOutcome.Later(
                e.Message, e.After is { } after ? (long)Math.Clamp(after.TotalMilliseconds, 0, Limits.DelayMs) : null);
        }
        catch (DeadLetterException e)
        {
            return new HandlerOutcome.Dead(e.Message);
        }
    }

    private async Task<CommitRequest?> CallAsync(Type type, Delivery delivery, CancellationToken cancel)
    {
        await using AsyncServiceScope scope = _scopes.CreateAsyncScope();
        var handler = (IHandler)scope.ServiceProvider.GetRequiredService(type);
        return await handler.HandleAsync(delivery, cancel);
    }
}

/// <summary>One class for one service.</summary>
internal sealed record HostedHandler(string Service, Type Type);
