// Knows how a browser asks the service: one POST, answered by JSON or, for a subscription, by server-sent events.
// Knows nothing of any page; both explorers use it.

/** The operations of a document, as kind and name, by their opening words. Comments and strings do not count. */
function operationsOf(document) {
  const bare = document.replace(/"""[\s\S]*?"""|"(?:\\.|[^"\\\n])*"|#.*/g, "");
  const words = bare.matchAll(/(?:^|\})\s*(?:(query|mutation|subscription)\b\s*(\w*)|(?=\{))/g);
  return [...words].map(([, kind = "query", name = ""]) => ({ kind, name }));
}

/**
 * Resolves to the answer of a query or mutation, or to an async iterator over the answers of a subscription, whose
 * `return()` hangs up. Rejects when the service cannot be reached or does not answer in GraphQL.
 */
export async function ask(endpoint, { query, variables, operationName }, headers = {}) {
  const operations = operationsOf(query);
  const chosen = operations.find(({ name }) => name && name === operationName);
  const streaming = (chosen ?? operations[0])?.kind === "subscription";
  const hangUp = new AbortController();
  const response = await fetch(endpoint, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: streaming ? "text/event-stream" : "application/graphql-response+json, application/json;q=0.9",
      ...headers,
    },
    // GraphiQL learns of a new name only a moment after it was typed, and would ask for one that is gone.
    body: JSON.stringify({ query, variables, operationName: chosen?.name }),
    signal: hangUp.signal,
  });
  if (response.headers.get("content-type")?.startsWith("text/event-stream")) {
    // A generator's own return() would wait for the next event; hanging up ends the read that it waits for.
    const events = readEvents(response.body.pipeThrough(new TextDecoderStream()).getReader());
    return Object.assign(events, { return: async () => (hangUp.abort(), { done: true }) });
  }
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`The service answered ${response.status} ${response.statusText}: ${text.slice(0, 500)}`);
  }
}

async function* readEvents(reader) {
  let buffer = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const events = (buffer + value.replaceAll("\r", "")).split("\n\n");
      buffer = events.pop();
      for (const event of events) {
        const lines = event.split("\n");
        if (lines.includes("event: complete")) return;
        const data = lines.filter((line) => line.startsWith("data:")).map((line) => line.slice(5)).join("\n");
        if (data.trim()) yield JSON.parse(data);
      }
    }
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  }
}

/** The headers to send: the key as a bearer token, unless the person wrote an Authorization header of their own. */
export function withKey(headers, key) {
  const named = Object.keys(headers ?? {}).some((name) => name.toLowerCase() === "authorization");
  return key && !named ? { ...headers, Authorization: `Bearer ${key}` } : { ...headers };
}
