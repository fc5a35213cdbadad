// Data that stays fresh: asked for again while the page is looked at.
import { useEffect } from "react";
import { type AnyVariables, useQuery, type UseQueryArgs } from "urql";

const EVERY_MS = 15_000;

/** As `useQuery`, and ask again every `everyMs` milliseconds while the page is visible. */
export function useLiveQuery<Data, Variables extends AnyVariables>(
  args: UseQueryArgs<Variables, Data>,
  everyMs = EVERY_MS,
) {
  const result = useQuery<Data, Variables>(args);
  const refresh = result[1];
  useEffect(() => {
    if (args.pause) return;
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") refresh({ requestPolicy: "network-only" });
    }, everyMs);
    return () => clearInterval(timer);
  }, [refresh, everyMs, args.pause]);
  return result;
}
