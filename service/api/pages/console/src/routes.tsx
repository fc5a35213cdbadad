// Addresses of the pages. The code of a page is loaded when it is opened.
import { type ComponentType, lazy, Suspense } from "react";
import { Link, Route, Switch } from "wouter";
import { useI18n } from "./i18n";
import { useSession } from "./session";
import { Page, Skeleton } from "./ui/page";

const page = (load: () => Promise<{ default: ComponentType }>) => lazy(load);
const routes: [string, ComponentType][] = [
  ["/orders", page(() => import("./pages/orders"))],
  ["/orders/:id", page(() => import("./pages/order"))],
  ["/buy", page(() => import("./pages/buy"))],
  ["/buy/quotes/:id", page(() => import("./pages/quote"))],
  ["/certificates", page(() => import("./pages/certificates"))],
  ["/verify", page(() => import("./pages/verify"))],
  ["/invoices", page(() => import("./pages/invoices"))],
  ["/invoices/:id", page(() => import("./pages/invoice"))],
  ["/statement", page(() => import("./pages/statement"))],
  ["/clients", page(() => import("./pages/clients"))],
  ["/account", page(() => import("./pages/account"))],
  ["/keys", page(() => import("./pages/keys"))],
  ["/seller/customers", page(() => import("./seller/customers"))],
  ["/seller/customers/:id", page(() => import("./seller/customer"))],
  ["/seller/queue", page(() => import("./seller/queue"))],
  ["/seller/stock", page(() => import("./seller/stock"))],
  ["/seller/batches", page(() => import("./seller/batches"))],
  ["/seller/evidence", page(() => import("./seller/evidence"))],
  ["/seller/bundles", page(() => import("./seller/bundles"))],
  ["/seller/bundles/:id", page(() => import("./seller/bundle"))],
  ["/seller/portfolios", page(() => import("./seller/portfolios"))],
  ["/seller/invoices", page(() => import("./seller/invoices"))],
  ["/seller/mails", page(() => import("./seller/mails"))],
  ["/seller/identity", page(() => import("./seller/identity"))],
  ["/seller/orders", page(() => import("./seller/orders"))],
  ["/webhooks", page(() => import("./pages/webhooks"))],
];
const Overview = page(() => import("./pages/overview"));
const SellerOverview = page(() => import("./seller/overview"));

export function Pages() {
  const { isSeller } = useSession();
  return (
    <Suspense fallback={<Skeleton lines={8} />}>
      <Switch>
        <Route path="/" component={isSeller ? SellerOverview : Overview} />
        {routes.map(([path, component]) => (
          <Route key={path} path={path} component={component} />
        ))}
        <Route component={Unknown} />
      </Switch>
    </Suspense>
  );
}

function Unknown() {
  const { t } = useI18n();
  return (
    <Page title={t("unknown.title")}>
      <p>{t("unknown.about")}</p>
      <p><Link href="/">{t("nav.overview")}</Link></p>
    </Page>
  );
}
