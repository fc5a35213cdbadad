// The colours that the reader chose: those of the system, light or dark.
import { useSyncExternalStore } from "react";

export type Theme = "system" | "light" | "dark";
const STORED = "console.theme";
const dark = matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();
const tell = () => listeners.forEach((listener) => listener());

const chosen = (): Theme => (localStorage.getItem(STORED) as Theme | null) ?? "system";
const shown = (): "light" | "dark" => {
  const theme = chosen();
  return theme === "system" ? (dark.matches ? "dark" : "light") : theme;
};

function apply() {
  document.documentElement.dataset.theme = chosen();
  tell();
}

apply();
dark.addEventListener("change", tell);

function choose(theme: Theme) {
  localStorage.setItem(STORED, theme);
  apply();
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** The colours that are shown, the choice, and the function that changes it. */
export function useTheme() {
  return [useSyncExternalStore(subscribe, shown), useSyncExternalStore(subscribe, chosen), choose] as const;
}
