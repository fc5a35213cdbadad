// What the explorer keeps in the browser: tabs, history and panel sizes; headers and the API key only if asked.
// GraphiQL itself would keep headers in its history, and writes tabs half a second late with the headers they had before
// they were to be forgotten.

const ASKED = "graphiql:shouldPersistHeaders";
const KEY = "carbon-orders:key";
const HISTORY = ["graphiql:queries", "graphiql:favorites"];
const EDITORS = ["graphiql:tabState", "graphiql:headers"];

// What GraphiQL writes of its editors when it is asked to keep headers, it writes just before it says so.
const withheld = new Map();

export const keepsHeaders = () => localStorage.getItem(ASKED) === "true";

export const storage = {
  get length() {
    return localStorage.length;
  },
  getItem: (name) => localStorage.getItem(name),
  removeItem: (name) => localStorage.removeItem(name),
  clear: () => localStorage.clear(),
  setItem(name, value) {
    if (keepsHeaders()) return keep(name, value);
    if (EDITORS.includes(name)) withheld.set(name, value);
    keep(name, withoutHeaders(name, value));
  },
};

function keep(name, value) {
  localStorage.setItem(name, value);
  if (name !== ASKED) return;
  if (keepsHeaders()) withheld.forEach((value, name) => localStorage.setItem(name, value));
  else for (const name of [...HISTORY, ...EDITORS]) forgetHeaders(name);
  withheld.clear();
}

export const keptKey = () => (keepsHeaders() && localStorage.getItem(KEY)) || "";

export function keepKey(key, asked) {
  if (asked && key) localStorage.setItem(KEY, key);
  else localStorage.removeItem(KEY);
}

function forgetHeaders(name) {
  const value = localStorage.getItem(name);
  if (value) localStorage.setItem(name, withoutHeaders(name, value));
}

function withoutHeaders(name, value) {
  if (name === "graphiql:headers") return "";
  if (![...HISTORY, ...EDITORS].includes(name)) return value;
  // A tab has headers, if only null; a note of the history may go without.
  const none = EDITORS.includes(name) ? null : undefined;
  return JSON.stringify(JSON.parse(value), (key, held) => (key === "headers" ? none : held));
}
