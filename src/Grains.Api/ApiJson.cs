using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Grains.Api.Cluster;
using Grains.Api.Deliveries;
using Grains.Api.Keyspaces;
using Grains.Api.Nodes;
using Grains.Api.Problems;
using Grains.Api.Services;
using Grains.Api.Timers;

namespace Grains.Api;

/// <summary>
/// How the documents of the API are read and written. Reading is strict: no unknown members, no duplicates, no
/// comments, no trailing commas, no numbers in quotes, depth at most 16.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    MaxDepth = 16)]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(KeyspaceRequest))]
[JsonSerializable(typeof(KeyspaceDeclaration))]
[JsonSerializable(typeof(KeyspaceList))]
[JsonSerializable(typeof(KeyList))]
[JsonSerializable(typeof(IncrementRequest))]
[JsonSerializable(typeof(IncrementResult))]
[JsonSerializable(typeof(KeyBatchLine))]
[JsonSerializable(typeof(KeyBatchOutcome))]
[JsonSerializable(typeof(PartitionList))]
[JsonSerializable(typeof(ClusterDocument))]
[JsonSerializable(typeof(FormatDocument))]
[JsonSerializable(typeof(ServiceRequest))]
[JsonSerializable(typeof(ServiceDeclaration))]
[JsonSerializable(typeof(ServiceSecret))]
[JsonSerializable(typeof(ServiceList))]
[JsonSerializable(typeof(NodeDocument))]
[JsonSerializable(typeof(NodeList))]
[JsonSerializable(typeof(NodeExplanation))]
[JsonSerializable(typeof(PurgeResult))]
[JsonSerializable(typeof(SettleResult))]
[JsonSerializable(typeof(SendResult))]
[JsonSerializable(typeof(MessageStatusDocument))]
[JsonSerializable(typeof(MessageList))]
[JsonSerializable(typeof(ReplyPending))]
[JsonSerializable(typeof(TimerRequest))]
[JsonSerializable(typeof(TimerList))]
[JsonSerializable(typeof(ReceiveRequest))]
[JsonSerializable(typeof(Delivery))]
[JsonSerializable(typeof(CommitRequest))]
[JsonSerializable(typeof(CommitResult))]
[JsonSerializable(typeof(RenewRequest))]
[JsonSerializable(typeof(RenewResult))]
[JsonSerializable(typeof(RejectRequest))]
[JsonSerializable(typeof(RejectResult))]
public sealed partial class ApiJson : JsonSerializerContext;

/// <summary>The API's documents as they go out.</summary>
public static class WireJson
{
    /// <summary>Escapes only what JSON demands: the answers are never put into a page as they are.</summary>
    public static ApiJson Context { get; } = new(new JsonSerializerOptions(ApiJson.Default.Options)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
