// The editors' colours, light and dark, all at least 4.5:1 on their background; GraphiQL's own line numbers are not.
import * as monaco from "monaco-graphql/esm/monaco-editor.js";

export const EDITOR_THEME = { light: "carbon-light", dark: "carbon-dark" };

const PALETTES = {
  light: { base: "vs", panel: "#ffffff", accent: "#166534", quiet: "#4d6b57", tint: "#16653418", argument: "#5b4fc4" },
  dark: { base: "vs-dark", panel: "#18211c", accent: "#86efac", quiet: "#92ad9a", tint: "#86efac22", argument: "#b3a8ff" },
};

for (const [name, { base, panel, accent, quiet, tint, argument }] of Object.entries(PALETTES)) {
  monaco.editor.defineTheme(EDITOR_THEME[name], {
    base,
    inherit: true,
    rules: [
      { token: "argument.identifier.gql", foreground: argument },
      { token: "comment", foreground: quiet },
    ],
    colors: {
      // Seen through to GraphiQL's panels, which differ between the editors and the response.
      "editor.background": "#ffffff00",
      "scrollbar.shadow": "#ffffff00",
      "editorLineNumber.foreground": quiet,
      "editorLineNumber.activeForeground": accent,
      "editorLineNumber.dimmedForeground": quiet,
      "editorWidget.background": panel,
      "editorHoverWidget.background": panel,
      "editorSuggestWidget.background": panel,
      "editorSuggestWidget.selectedBackground": tint,
      "editorSuggestWidget.selectedForeground": accent,
      "editorSuggestWidget.highlightForeground": accent,
      "quickInput.background": panel,
      "quickInputList.focusBackground": tint,
      "quickInputList.focusForeground": accent,
      "menu.background": panel,
      "menu.selectionBackground": tint,
      "menu.selectionForeground": accent,
      "list.hoverBackground": tint,
      "textLink.foreground": accent,
      "textLink.activeForeground": accent,
      focusBorder: accent,
    },
  });
}
