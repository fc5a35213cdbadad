// What the viewer leaves without a name, for those who hear the page instead of seeing it.
const NAMES = { ".scalar-code-copy": "Copy" };

/** Names what has none, now and whenever something is drawn. */
export function keepAccessible(root) {
  const name = () => {
    for (const [selector, label] of Object.entries(NAMES)) {
      for (const element of root.querySelectorAll(`${selector}:not([aria-label])`)) element.ariaLabel = label;
    }
  };
  new MutationObserver(name).observe(root, { childList: true, subtree: true });
  name();
}
