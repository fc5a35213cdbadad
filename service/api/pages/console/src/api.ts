// The GraphQL API as the console uses it: documents with their types, access tokens, and the client.
import { authExchange } from "@urql/exchange-auth";
import { cacheExchange, Client, type CombinedError, fetchExchange } from "urql";
import type { graphql as typedGraphql } from "../generated/gql";
import type { ApiKeyScope } from "../generated/graphql";

/** A message for the reader, and the members of the request that it is about. */
export type Refusal = { message: string; path: readonly string[] };

/** A document as text. Its types come from `generated/`, which only the type checker reads. */
export const graphql = ((text: string) => text) as unknown as typeof typedGraphql;

export const config = JSON.parse(document.getElementById("console")!.dataset.config!) as {
  base: string;
  endpoint: string;
  exports: string;
  /** Codes of the currencies in which the service takes new prices. */
  currencies: string[];
};

export type Scope = ApiKeyScope;
export type Token = { text: string; scopes: Scope[]; expiresAt: number };
/** The token in use, which is replaced before it ends. */
export type TokenHolder = { key: string; current: Token };

const TOKEN_S = 3600;
const RENEW_BEFORE_MS = 120_000;

/** A refusal or failure with the message of the API. */
export class ApiError extends Error {}

/** Exchange the key for a token with all scopes that the key has. */
export async function exchangeKey(key: string): Promise<Token> {
  const { viewer } = await post<{ viewer: { scopes: Scope[] } }>(key, "query FindScopes { viewer { scopes } }");
  const scopes = viewer.scopes.join(" ");
  const { created } = await post<{ created: Created }>(
    key,
    `mutation SignIn { created: createAccessToken(input: {scopes: [${scopes}], expiresInSeconds: ${TOKEN_S}})
     { accessToken { token scopes expiresAt } userErrors { message } } }`,
  );
  if (!created.accessToken) throw new ApiError(created.userErrors[0]?.message ?? "");
  const { token, expiresAt } = created.accessToken;
  return { text: token, scopes: created.accessToken.scopes, expiresAt: Date.parse(expiresAt) };
}

type Created = {
  accessToken: { token: string; scopes: Scope[]; expiresAt: string } | null;
  userErrors: { message: string }[];
};

async function post<Data>(key: string, query: string): Promise<Data> {
  const response = await fetch(config.endpoint, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${key.trim()}` },
    body: JSON.stringify({ query }),
  });
  const body = await response.json().catch(() => null);
  if (!body?.data) throw new ApiError(body?.errors?.[0]?.message ?? response.statusText);
  return body.data as Data;
}

/** A client that sends the token, renews it in time, and names the account that the reader acts for. */
export function createClient(holder: TokenHolder, accountId: string | null, onRefused: () => void): Client {
  const auth = authExchange(async ({ appendHeaders }) => ({
    addAuthToOperation: (operation) => {
      const account = accountId ? { "Account-Id": accountId } : undefined;
      const sent = operation.context.fetchOptions;
      const chosen = typeof sent === "object" && new Headers(sent.headers).has("Account-Id");
      const secret = operation.context.withKey ? holder.key : holder.current.text;
      return appendHeaders(operation, { Authorization: `Bearer ${secret}`, ...(chosen ? undefined : account) });
    },
    willAuthError: () => holder.current.expiresAt - Date.now() < RENEW_BEFORE_MS,
    didAuthError: (error) => error.response?.status === 401,
    refreshAuth: async () => {
      try {
        holder.current = await exchangeKey(holder.key);
      } catch (error) {
        if (error instanceof ApiError) onRefused();
      }
    },
  }));
  return new Client({
    url: config.endpoint,
    preferGetMethod: false,
    fetchSubscriptions: true,
    requestPolicy: "cache-and-network",
    exchanges: [cacheExchange, auth, fetchExchange],
  });
}

/** A value of the request that the API could not read, as GraphQL says it to programmers. */
const UNREADABLE = /^Variable '\$\w+' has invalid value(?: at ([\w.[\]]+))?:/;

/** Refusals of a failed request with the messages of the API; `unreadable` stands for those that only programmers understand. */
export function refusalsOf(error: CombinedError, unreadable: string): Refusal[] {
  if (error.networkError) return [{ message: error.networkError.message, path: [] }];
  return error.graphQLErrors.map(({ message }) => {
    const found = UNREADABLE.exec(message);
    return found ? { message: unreadable, path: found[1]?.match(/\w+/g) ?? [] } : { message, path: [] };
  });
}

/** The address on this origin, which differs from the public one where the service is reached by another name. */
export const here = (url: string) => {
  const { pathname, search } = new URL(url);
  return pathname + search;
};

/** Fetch an export with the reader's token, and hand it to the browser as a download. */
export async function download(path: string, name: string, token: string, accountId: string | null): Promise<void> {
  const headers = { Authorization: `Bearer ${token}`, ...(accountId && { "Account-Id": accountId }) };
  const response = await fetch(`${config.exports}${path}`, { headers });
  if (!response.ok) throw new ApiError((await response.json().catch(() => null))?.detail ?? response.statusText);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await response.blob());
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
