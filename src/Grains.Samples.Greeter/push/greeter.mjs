import { createServer } from "node:http";

createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request) body += chunk;
  const { state, messages } = JSON.parse(body);
  const count = Number(state?.text ?? 0) + messages.length;
  response.setHeader("Content-Type", "application/json");
  response.end(JSON.stringify({ state: { text: `${count}`, contentType: "text/plain" } }));
}).listen(Number(process.argv[2]), "127.0.0.1");
