// Repairs what a screen reader would stumble over in GraphiQL 5.4 and its plugins, as they draw: tabs that hold buttons,
// names that hide the visible text, fields without a name. Whatever upstream repairs can be deleted here.

const REPAIRS = {
  // A tab may not hold a close button, so the tabs are a list of buttons, the active one marked as current.
  '[role="tablist"].graphiql-tabs': (list) => list.setAttribute("role", "list"),
  '[role="tab"].graphiql-tab': (tab) => tab.setAttribute("role", "listitem"),
  ".graphiql-tab[aria-selected]": (tab) => {
    tab.querySelector(".graphiql-tab-button")?.setAttribute("aria-current", tab.getAttribute("aria-selected"));
    tab.removeAttribute("aria-selected");
  },
  '#graphiql-session[role="tabpanel"]': (session) => session.setAttribute("role", "region"),
  '.graphiql-history-item-label[aria-label="Set active"]': (button) => button.removeAttribute("aria-label"),
  ".graphiql-explorer-root :is(input, select):not([aria-label])": (field) =>
    field.setAttribute("aria-label", nameOf(field)),
};

function nameOf(field) {
  const argument = field.closest("[class^='graphiql-explorer-']:not(.graphiql-explorer-root)")?.className.split(" ")[0];
  return field.placeholder || (argument && `Value of ${argument.replace("graphiql-explorer-", "")}`) || "Kind of operation";
}

function repair() {
  for (const [selector, mend] of Object.entries(REPAIRS)) {
    for (const element of document.querySelectorAll(selector)) mend(element);
  }
}

/** From now on, everything GraphiQL draws is repaired before it is painted and before anybody can ask for it. */
export function keepAccessible(root) {
  // At once, not in the next frame: until then a screen reader could meet what is broken.
  new MutationObserver(repair).observe(root, { childList: true, subtree: true, attributeFilter: ["aria-selected"] });
  repair();
}
