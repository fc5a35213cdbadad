// Changes: a mutation whose refusals come back as messages of the API.
import { type AnyVariables, type DocumentInput, type OperationContext, useMutation } from "urql";
import { type Refusal, refusalsOf } from "../api";
import { useI18n } from "../i18n";
import { inHex } from "./hashes";

type Payload = { userErrors: readonly Refusal[] };
type Outcome<Data> = { data: Data | null; refusals: Refusal[] };

type Options = {
  /** The account that the request is for; by default the one that is shown. */
  accountId?: string;
  /** True to send the API key itself, because a token creates no keys. */
  withKey?: boolean;
  /** Types of objects that the change concerns and its payload does not show: what is on the screen is read again. */
  changes?: string[];
  /** Called once the API has decided, either way: a failed request may have been carried out. */
  answered?: () => void;
};

/** Return the function that sends the mutation. */
export function useAct<Data extends object, Variables extends AnyVariables>(document: DocumentInput<Data, Variables>) {
  const { t } = useI18n();
  const [{ fetching }, send] = useMutation<Data, Variables>(document);
  const act = async (variables: Variables, { accountId, withKey, changes, answered }: Options = {}): Promise<Outcome<Data>> => {
    const context: Partial<OperationContext> = {
      withKey,
      ...(changes && { additionalTypenames: changes }),
      ...(accountId && { fetchOptions: { headers: { "Account-Id": accountId } } }),
    };
    const { data, error } = await send(variables, context);
    if (error) return { data: null, refusals: refusalsOf(error, t("form.unreadable")) };
    answered?.();
    const payloads = Object.values(data ?? {}) as (Payload | null | string)[];
    const refusals = payloads.flatMap((payload) => (payload && typeof payload === "object" ? [...payload.userErrors] : []));
    return { data: refusals.length ? null : (data ?? null), refusals };
  };
  return [act, fetching] as const;
}

/** Return the key of a request that has got no answer yet, so that a second click or a reload sends the same one. */
export function pendingKey(name: string): { key: string; answered: () => void } {
  const place = `console.pending.${name}`;
  // No randomUUID, which browsers have on pages with TLS alone.
  const key = sessionStorage.getItem(place) ?? inHex(crypto.getRandomValues(new Uint8Array(16)));
  sessionStorage.setItem(place, key);
  return { key, answered: () => sessionStorage.removeItem(place) };
}
