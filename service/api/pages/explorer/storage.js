// What the explorer keeps in the browser: tabs, history and panel sizes; headers and the API key only if asked.
// GraphiQL drops headers from its tabs when they are not to be kept, but its history would still hold them.

const ASKED = "graphiql:shouldPersistHeaders";
const KEY = "carbon-orders:key";
const HISTORY = ["graphiql:queries", "graphiql:favorites"];

export const keepsHeaders = () => localStorage.getItem(ASKED) === "true";

export const storage = {
  get length() {
    return localStorage.length;
  },
  getItem: (name) => localStorage.getItem(name),
  removeItem: (name) => localStorage.removeItem(name),
  clear: () => localStorage.clear(),
  setItem(name, value) {
    localStorage.setItem(name, HISTORY.includes(name) && !keepsHeaders() ? withoutHeaders(value) : value);
    if (name === ASKED && !keepsHeaders()) forgetHeaders();
  },
};

export const keptKey = () => (keepsHeaders() && localStorage.getItem(KEY)) || "";

export function keepKey(key, asked) {
  if (asked && key) localStorage.setItem(KEY, key);
  else localStorage.removeItem(KEY);
}

function forgetHeaders() {
  for (const name of HISTORY) {
    const value = localStorage.getItem(name);
    if (value) localStorage.setItem(name, withoutHeaders(value));
  }
}

function withoutHeaders(json) {
  return JSON.stringify(JSON.parse(json), (name, value) => (name === "headers" ? undefined : value));
}
