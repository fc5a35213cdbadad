// What the viewer leaves without a name, or gives the same name twice, for those who hear the page instead of seeing it.

/** Puts both right, now and whenever something is drawn. */
export function keepAccessible(root) {
  const mend = () => {
    for (const button of root.querySelectorAll(".scalar-code-copy:not([aria-label])")) button.ariaLabel = "Copy";
    // Landmarks are for finding one's way; a card of examples in every operation is none.
    for (const card of root.querySelectorAll('.scalar-card[role="region"]')) card.role = "group";
  };
  new MutationObserver(mend).observe(root, { childList: true, subtree: true });
  mend();
}
