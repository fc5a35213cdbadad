// Overview of the seller: what waits for credits, what is unpaid, and what is in stock.
import { Link } from "wouter";
import { graphql } from "../api";
import { useI18n } from "../i18n";
import { Table } from "../ui/list";
import { useLiveQuery } from "../ui/live";
import { Empty, Figure, Loaded, Page, Section } from "../ui/page";
import { PaymentState, Status } from "../ui/status";

const SellerOverviewQuery = graphql(/* GraphQL */ `
  query SellerOverview {
    accounts(first: 1, filter: { mode: LIVE }) { totalCount }
    waiting: allOrders(first: 1, filter: { status: [PLACED] }) { totalCount }
    pending: allInvoices(first: 1, filter: { status: [PENDING] }) { totalCount }
    allOrders(first: 8) {
      totalCount
      nodes { id number status paymentStatus createdAt mass { tonnes } totalCost { amount currency } account { id name mode } }
    }
  }
`);

export default function SellerOverview() {
  const { t, tonnes, money, number, dateTime } = useI18n();
  const [result] = useLiveQuery({ query: SellerOverviewQuery });
  return (
    <Page title={t("nav.overview")}>
      <Loaded of={result} lines={8}>
        {({ accounts, waiting, pending, allOrders }) => (
          <>
            <div className="figures">
              <Figure name={t("nav.customers")} value={<Link href="/seller/customers">{number(accounts?.totalCount ?? 0)}</Link>} />
              <Figure name={t("nav.allOrders")} value={<Link href="/seller/orders">{number(allOrders?.totalCount ?? 0)}</Link>} />
              <Figure name={t("seller.waiting")} value={<Link href="/seller/queue">{number(waiting?.totalCount ?? 0)}</Link>} />
              <Figure name={t("seller.unpaid")} value={<Link href="/seller/invoices?status=PENDING">{number(pending?.totalCount ?? 0)}</Link>} />
            </div>
            <Section title={t("seller.latestOrders")} actions={<Link href="/seller/orders">{t("nav.allOrders")}</Link>}>
              {allOrders?.nodes.length ? (
                <Table
                  caption={t("seller.latestOrders")}
                  rows={allOrders.nodes}
                  rowKey={({ id }) => id}
                  href={({ id }) => `/orders/${id}`}
                  columns={[
                    { name: t("order.number"), cell: (order) => order.number },
                    { name: t("order.account"), cell: (order) => order.account.name },
                    { name: t("order.placed"), cell: (order) => dateTime(order.createdAt) },
                    { name: t("order.status"), cell: (order) => <Status of={order.status} /> },
                    { name: t("order.payment"), cell: (order) => <PaymentState of={order} /> },
                    { name: t("order.mass"), cell: (order) => tonnes(order.mass), numeric: true },
                    { name: t("order.total"), cell: (order) => money(order.totalCost), numeric: true },
                  ]}
                />
              ) : (
                <Empty href="/seller/customers" action={t("nav.customers")}>{t("seller.noOrders")}</Empty>
              )}
            </Section>
            <Section title={t("seller.audit")}>
              <p>{t("seller.auditAbout")}</p>
              <pre dir="ltr">carbon-orders audit</pre>
            </Section>
          </>
        )}
      </Loaded>
    </Page>
  );
}
