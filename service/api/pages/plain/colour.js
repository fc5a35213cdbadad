// Knows how GraphQL and JSON look in colour. Builds text nodes and spans, never markup, so no answer can inject any.

const TOKEN =
  /(?<comment>#[^\n]*)|(?<name>"(?:\\.|[^"\\])*"(?=\s*:))|(?<string>"""[\s\S]*?"""|"(?:\\.|[^"\\])*")|(?<keyword>\b(?:type|interface|input|enum|union|scalar|directive|implements|extend|schema|on|repeatable|true|false|null)\b)|(?<number>-?\b\d+(?:\.\d+)?\b)/g;

/** Puts the text into the element, coloured; what was there is gone. */
export function colour(element, text) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    const [kind] = Object.entries(match.groups).find(([, value]) => value !== undefined);
    const span = document.createElement("span");
    span.className = kind;
    span.textContent = match[0];
    nodes.push(text.slice(end, match.index), span);
    end = match.index + match[0].length;
  }
  element.replaceChildren(...nodes, text.slice(end));
}
