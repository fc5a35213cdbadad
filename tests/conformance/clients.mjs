// Subscribes with the clients of others: node clients.mjs ws|sse URL, then one JSON object a line on stdin:
// {"headers": {...}, "payload": {...}, "request": {"query": ..., "variables": ...}, "retries": 0}. What happens is written as
// JSON, one object a line: {"connected"}, {"event"}, {"error"}, {"closed"}, {"complete"}. A client connects again with
// the variable `after` set to the last sequence that it saw.
import { createInterface } from "node:readline";
import { createClient as createSseClient } from "graphql-sse";
import { createClient as createSocketClient } from "graphql-ws";
import WebSocket from "ws";

const [kind, url] = process.argv.slice(2);
const say = (what) => process.stdout.write(JSON.stringify(what) + "\n");
const waitless = () => new Promise((resolve) => setTimeout(resolve, 50));

function told(error) {
  if (Array.isArray(error)) return { errors: error };
  if (error?.code !== undefined && error?.reason !== undefined) return { code: error.code, reason: error.reason };
  return { message: String(error?.message ?? error), status: error?.response?.status };
}

function client({ headers = {}, payload = {}, retries = 0 }) {
  if (kind === "sse") return createSseClient({ url, headers, retryAttempts: retries, retry: waitless });
  class Socket extends WebSocket {
    constructor(address, protocols) {
      super(address, protocols, { headers });
    }
  }
  return createSocketClient({
    url: url.replace(/^http/, "ws"),
    connectionParams: payload,
    webSocketImpl: Socket,
    retryAttempts: retries,
    retryWait: waitless,
    shouldRetry: () => true, // by default it gives up while nobody listens
    on: {
      connected: () => say({ connected: true }),
      closed: ({ code, reason }) => say({ closed: code, reason }),
    },
  });
}

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  const request = asked.request;
  const subscriber = client(asked);
  let left = asked.until ?? Infinity;
  const leave = subscriber.subscribe(
    request,
    {
      next: (result) => {
        const sequence = result.data?.orderEvents?.sequence;
        if (sequence) request.variables = { ...request.variables, after: sequence };
        say({ event: result });
        if (--left === 0) leave();
      },
      error: (error) => say({ error: told(error) }),
      complete: () => say({ complete: true }),
    },
    { connected: () => kind === "sse" && say({ connected: true }) },
  );
}
