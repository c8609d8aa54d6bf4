#:sdk Microsoft.NET.Sdk.Web
#:property PublishAot=false

using System.Text.Json.Nodes;

WebApplication app = WebApplication.Create();
app.MapPost("/", (JsonObject delivery) =>
{
    int count = int.Parse((string?)delivery["state"]?["text"] ?? "0") + delivery["messages"]!.AsArray().Count;
    return new { state = new { text = $"{count}", contentType = "text/plain" } };
});
app.Run($"http://127.0.0.1:{args[0]}");
