// Data that stays fresh: events of the account's orders by subscription, and polling beside it, where a proxy forbids
// streams or no event tells of a change.
import { useEffect } from "react";
import { type AnyVariables, useClient, useQuery, type UseQueryArgs } from "urql";
import { graphql } from "../api";

const EventsSubscription = graphql(/* GraphQL */ `
  subscription Events { orderEvents { sequence type } }
`);

const CountSubscription = graphql(/* GraphQL */ `
  subscription EventCount { eventCount }
`);

const EVERY_MS = 15_000;
const AGAIN_MS = 15_000;
/** Polls that are left out while events come in: only every fourth is sent. */
const POLLS_PER_STREAM = 4;
const listeners = new Set<() => void>();
let isStreaming = false;

/**
 * Read the events of the account, or hear that something changed in one of all accounts, while the page is visible: a
 * browser has few connections for all of its tabs.
 */
export function useEvents(of: "account" | "all" | "none"): void {
  const client = useClient();
  useEffect(() => {
    if (of === "none") return;
    let close = () => {};
    let timer: ReturnType<typeof setTimeout> | undefined;
    const open = () => {
      close();
      clearTimeout(timer);
      isStreaming = document.visibilityState === "visible";
      if (!isStreaming) return;
      const events = of === "all" ? client.subscription(CountSubscription, {}) : client.subscription(EventsSubscription, {});
      const stream = events.subscribe(({ data, hasNext }: { data?: object; hasNext: boolean }) => {
        if (data) for (const refresh of listeners) refresh();
        if (hasNext) return;
        isStreaming = false;
        timer = setTimeout(open, AGAIN_MS);
      });
      close = stream.unsubscribe;
    };
    open();
    document.addEventListener("visibilitychange", open);
    return () => {
      document.removeEventListener("visibilitychange", open);
      clearTimeout(timer);
      isStreaming = false;
      close();
    };
  }, [client, of]);
}

/** As `useQuery`, and ask again after each event, and every `everyMs` milliseconds while the page is visible. */
export function useLiveQuery<Data, Variables extends AnyVariables>(
  args: UseQueryArgs<Variables, Data>,
  everyMs = EVERY_MS,
) {
  const result = useQuery<Data, Variables>(args);
  const refresh = result[1];
  useEffect(() => {
    if (args.pause) return;
    const ask = () => refresh({ requestPolicy: "network-only" });
    let polls = 0;
    const timer = setInterval(() => {
      polls += 1;
      const isDue = !isStreaming || polls % POLLS_PER_STREAM === 0;
      if (isDue && document.visibilityState === "visible") ask();
    }, everyMs);
    listeners.add(ask);
    return () => {
      clearInterval(timer);
      listeners.delete(ask);
    };
  }, [refresh, everyMs, args.pause]);
  return result;
}
