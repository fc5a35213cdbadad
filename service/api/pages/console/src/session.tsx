// The reader's session: the API key, the access token made from it, and the account that is shown.
import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useRef, useState } from "react";
import { type Client, Provider } from "urql";
import { createClient, exchangeKey, graphql, type Scope, type TokenHolder } from "./api";
import { useI18n } from "./i18n";

export type Acting = { id: string; name: string };

export type Session = {
  scopes: ReadonlySet<Scope>;
  token: TokenHolder;
  /** The account that the reader acts for; null for the key's own. */
  acting: Acting | null;
  /** True if the pages of the seller are shown, and none of a customer. */
  isSeller: boolean;
  actFor: (account: Acting | null) => void;
  signOut: () => void;
};

const STORED_KEY = "console.key";
const STORED_ACTING = "console.acting";
const SessionContext = createContext<Session>(null!);
export const useSession = () => useContext(SessionContext);
/** Tell if the reader's token has one of the scopes. */
export function useMay(...wanted: Scope[]): boolean {
  const { scopes } = useSession();
  return wanted.some((scope) => scopes.has(scope));
}

/** The reason why something is not shown: the reader's key lacks the scope. */
export function Lacking({ scope }: { scope: Scope }) {
  const { t } = useI18n();
  return <p className="quiet">{t("account.lacking", { scope: t(`scope.${scope}`) })}</p>;
}

export const AccountQuery = graphql(/* GraphQL */ `
  query Account { account { id name mode currency suspended isClient } }
`);

type Props = {
  children: ReactNode;
  signIn: (accept: (key: string, remember: boolean) => Promise<void>) => ReactNode;
};

export function SessionProvider({ children, signIn }: Props) {
  const [signedIn, setSignedIn] = useState<TokenHolder | null>();
  const [acting, setActing] = useState<Acting | null>(() => JSON.parse(sessionStorage.getItem(STORED_ACTING) ?? "null"));
  const accept = useCallback(async (key: string, remember: boolean) => {
    const current = await exchangeKey(key);
    if (remember) localStorage.setItem(STORED_KEY, key.trim());
    setSignedIn({ key: key.trim(), current });
  }, []);
  const actFor = useCallback((account: Acting | null) => {
    sessionStorage.setItem(STORED_ACTING, JSON.stringify(account));
    setActing(account);
  }, []);
  const signOut = useCallback(() => {
    localStorage.removeItem(STORED_KEY);
    sessionStorage.clear();
    setActing(null);
    setSignedIn(null);
  }, []);
  const started = useRef(false);
  useEffect(() => {
    if (started.current) return;
    started.current = true;
    const stored = localStorage.getItem(STORED_KEY);
    if (stored) accept(stored, true).catch(() => setSignedIn(null));
    else setSignedIn(null);
  }, [accept]);

  const client = useMemo<Client | null>(
    () => (signedIn ? createClient(signedIn, acting?.id ?? null, signOut) : null),
    [signedIn, acting, signOut],
  );
  const session = useMemo<Session | null>(() => {
    if (!signedIn) return null;
    const scopes = new Set(signedIn.current.scopes);
    const isSeller = scopes.has("OPERATOR") && !acting;
    return { scopes, token: signedIn, acting, isSeller, actFor, signOut };
  }, [signedIn, acting, actFor, signOut]);

  if (signedIn === undefined) return null;
  if (!client || !session) return <>{signIn(accept)}</>;
  return (
    <Provider value={client} key={acting?.id ?? "own"}>
      <SessionContext value={session}>{children}</SessionContext>
    </Provider>
  );
}
