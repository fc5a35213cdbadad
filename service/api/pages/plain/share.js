// Links that open the page with an operation and its variables. They stand in the fragment of the address, which a
// browser sends to nobody. A link never holds the API key or a header, and opening it runs nothing.

/** The operation of the page's address, as { query, variables }, or null. */
export function sharedOperation() {
  const parts = new URLSearchParams(location.hash.slice(1));
  const query = parts.get("query");
  return query ? { query, variables: parts.get("variables") ?? "" } : null;
}

/** Puts a link to the operation into the address and the clipboard. Resolves to a sentence that says what was done. */
export async function share({ query, variables }, key) {
  if (key && `${query}${variables}`.includes(key)) return "Not linked: your API key is in the operation or its variables.";
  const parts = new URLSearchParams({ query, ...(variables.trim() && { variables }) });
  history.replaceState(null, "", `#${parts}`);
  try {
    await navigator.clipboard.writeText(location.href);
    return "Link copied.";
  } catch {
    return "The link is in the address bar."; // a page without TLS may not write to the clipboard
  }
}

// A link that is followed on the page itself changes nothing but the fragment.
addEventListener("hashchange", () => location.reload());
