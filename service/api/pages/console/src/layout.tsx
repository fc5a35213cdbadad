// Frame of every page: who is signed in, and where the reader's scopes let them go.
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useQuery } from "urql";
import { Link, useLocation } from "wouter";
import type { Scope } from "./api";
import { Choices } from "./choices";
import { type MessageKey, useI18n } from "./i18n";
import { AccountQuery, Lacking, useSession } from "./session";
import { useEvents } from "./ui/live";
import { Badge, Page } from "./ui/page";

/** A page of the menu. The reader needs one of the scopes in each list. */
type Entry = { to: string; label: MessageKey; scopes: Scope[][] };
const READ: Scope[][] = [["ORDERS_READ"]];
const OPERATE: Scope[][] = [["OPERATOR"]];

export const CUSTOMER: Entry[] = [
  { to: "/", label: "nav.overview", scopes: READ },
  { to: "/buy", label: "nav.buy", scopes: [["ORDERS_WRITE"], ["CATALOGUE_READ"]] },
  { to: "/orders", label: "nav.orders", scopes: READ },
  { to: "/certificates", label: "nav.certificates", scopes: READ },
  { to: "/verify", label: "nav.verify", scopes: [] },
  { to: "/invoices", label: "nav.invoices", scopes: READ },
  { to: "/statement", label: "nav.statement", scopes: READ },
  { to: "/clients", label: "nav.clients", scopes: READ },
  { to: "/keys", label: "nav.keys", scopes: [["ACCOUNT_MANAGE"]] },
  { to: "/webhooks", label: "nav.webhooks", scopes: [["ORDERS_WRITE"], ["ORDERS_READ"]] },
  { to: "/account", label: "nav.account", scopes: READ },
];

export const SELLER: Entry[] = [
  { to: "/", label: "nav.overview", scopes: OPERATE },
  { to: "/seller/customers", label: "nav.customers", scopes: OPERATE },
  { to: "/seller/orders", label: "nav.allOrders", scopes: OPERATE },
  { to: "/seller/queue", label: "nav.queue", scopes: OPERATE },
  { to: "/seller/stock", label: "nav.stock", scopes: OPERATE },
  { to: "/seller/batches", label: "nav.batches", scopes: OPERATE },
  { to: "/seller/evidence", label: "nav.evidence", scopes: OPERATE },
  { to: "/seller/bundles", label: "nav.bundles", scopes: OPERATE },
  { to: "/seller/portfolios", label: "nav.portfolios", scopes: OPERATE },
  { to: "/seller/invoices", label: "nav.allInvoices", scopes: OPERATE },
  { to: "/verify", label: "nav.verify", scopes: [] },
  { to: "/seller/mails", label: "nav.mails", scopes: OPERATE },
  { to: "/seller/identity", label: "nav.identity", scopes: OPERATE },
];

export function Layout({ children }: { children: ReactNode }) {
  const { t } = useI18n();
  const { scopes, acting, isSeller, actFor, signOut } = useSession();
  useEvents(isSeller ? "all" : scopes.has("ORDERS_READ") || scopes.has("OPERATOR") ? "account" : "none");
  const [{ data }] = useQuery({ query: AccountQuery });
  const [path, navigate] = useLocation();
  const [open, setOpen] = useState(false);
  const main = useRef<HTMLElement>(null);
  useEffect(() => setOpen(false), [path]);
  const first = useRef(true);
  useEffect(() => {
    // The focus goes to the new page, as it would with a page of the server.
    if (!first.current) main.current?.focus();
    first.current = false;
    scrollTo(0, 0);
  }, [path]);
  const leave = () => {
    // The next reader of this browser starts at the first page, not at the last one of this reader.
    navigate("/", { replace: true });
    signOut();
  };
  const account = data?.account;
  const mayOpen = ({ scopes: wanted }: Entry) =>
    (acting !== null && scopes.has("OPERATOR")) || wanted.every((some) => some.some((scope) => scopes.has(scope)));
  const entries = isSeller ? SELLER : CUSTOMER;
  const closed = [...CUSTOMER, ...SELLER].find((entry) => entry.to !== "/" && path.startsWith(entry.to) && !mayOpen(entry) && !isSeller);
  const missing = closed?.scopes.find((some) => !some.some((scope) => scopes.has(scope)))?.[0];
  return (
    <div className="layout">
      <a className="skip" href="#main" onClick={() => main.current?.focus()}>{t("layout.skip")}</a>
      <header className="top">
        <button type="button" className="menu" aria-expanded={open} onClick={() => setOpen(!open)}>{t("layout.menu")}</button>
        <strong>carbon-orders</strong>
        <span className="account">
          {isSeller ? t("layout.seller") : account?.name}
          {account?.mode === "TEST" && <Badge tone="wait">{t("mode.TEST")}</Badge>}
          {account?.suspended && <Badge tone="bad">{t("account.suspended")}</Badge>}
        </span>
        <button type="button" onClick={leave}>{t("layout.signOut")}</button>
      </header>
      {acting && (
        <div className="acting" role="status">
          {t("layout.acting", { name: acting.name })}{" "}
          <button type="button" onClick={() => actFor(null)}>{t("layout.stopActing")}</button>
        </div>
      )}
      <nav className={open ? "side open" : "side"} aria-label={t("layout.pages")}>
        <ul>
          {entries.filter(mayOpen).map(({ to, label }) => (
            <li key={to}>
              <Link href={to} aria-current={(to === "/" ? path === to : path.startsWith(to)) ? "page" : undefined}>{t(label)}</Link>
            </li>
          ))}
        </ul>
        <Choices />
      </nav>
      <main id="main" ref={main} tabIndex={-1}>
        {closed && missing ? <Page title={t(closed.label)}><Lacking scope={missing} /></Page> : children}
      </main>
    </div>
  );
}
