// Frame of every page: who is signed in, and where the reader's scopes let them go.
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useQuery } from "urql";
import { Link, useLocation } from "wouter";
import type { Scope } from "./api";
import { Choices } from "./choices";
import { type MessageKey, useI18n } from "./i18n";
import { AccountQuery, useSession } from "./session";
import { useOrderEvents } from "./ui/live";
import { Badge } from "./ui/page";

type Entry = { to: string; label: MessageKey; scope: Scope };

export const CUSTOMER: Entry[] = [
  { to: "/", label: "nav.overview", scope: "ORDERS_READ" },
  { to: "/buy", label: "nav.buy", scope: "ORDERS_WRITE" },
  { to: "/orders", label: "nav.orders", scope: "ORDERS_READ" },
  { to: "/certificates", label: "nav.certificates", scope: "ORDERS_READ" },
  { to: "/invoices", label: "nav.invoices", scope: "ORDERS_READ" },
  { to: "/statement", label: "nav.statement", scope: "ORDERS_READ" },
  { to: "/clients", label: "nav.clients", scope: "ORDERS_READ" },
  { to: "/keys", label: "nav.keys", scope: "ACCOUNT_MANAGE" },
  { to: "/webhooks", label: "nav.webhooks", scope: "ORDERS_WRITE" },
];

export const SELLER: Entry[] = [
  { to: "/", label: "nav.overview", scope: "OPERATOR" },
  { to: "/seller/customers", label: "nav.customers", scope: "OPERATOR" },
  { to: "/seller/orders", label: "nav.allOrders", scope: "OPERATOR" },
  { to: "/seller/queue", label: "nav.queue", scope: "OPERATOR" },
  { to: "/seller/stock", label: "nav.stock", scope: "OPERATOR" },
  { to: "/seller/batches", label: "nav.batches", scope: "OPERATOR" },
  { to: "/seller/evidence", label: "nav.evidence", scope: "OPERATOR" },
  { to: "/seller/bundles", label: "nav.bundles", scope: "OPERATOR" },
  { to: "/seller/portfolios", label: "nav.portfolios", scope: "OPERATOR" },
  { to: "/seller/invoices", label: "nav.allInvoices", scope: "OPERATOR" },
];

export function Layout({ children }: { children: ReactNode }) {
  const { t } = useI18n();
  const { scopes, acting, isSeller, actFor, signOut } = useSession();
  useOrderEvents(scopes.has("ORDERS_READ") && !isSeller);
  const [{ data }] = useQuery({ query: AccountQuery });
  const [path] = useLocation();
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
  const account = data?.account;
  const entries = (isSeller ? SELLER : CUSTOMER).filter(
    ({ scope }) => scopes.has(scope) || (acting !== null && scopes.has("OPERATOR")),
  );
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
        <button type="button" onClick={signOut}>{t("layout.signOut")}</button>
      </header>
      {acting && (
        <div className="acting" role="status">
          {t("layout.acting", { name: acting.name })}{" "}
          <button type="button" onClick={() => actFor(null)}>{t("layout.stopActing")}</button>
        </div>
      )}
      <nav className={open ? "side open" : "side"} aria-label={t("layout.pages")}>
        <ul>
          {entries.map(({ to, label }) => (
            <li key={to}>
              <Link href={to} aria-current={(to === "/" ? path === to : path.startsWith(to)) ? "page" : undefined}>{t(label)}</Link>
            </li>
          ))}
        </ul>
        <Choices />
      </nav>
      <main id="main" ref={main} tabIndex={-1}>{children}</main>
    </div>
  );
}
