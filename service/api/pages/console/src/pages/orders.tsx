// Orders of the account, and of its client accounts.
import { Link } from "wouter";
import type { OrderStatus, PaymentStatus } from "../../generated/graphql";
import { graphql } from "../api";
import { useI18n } from "../i18n";
import { useMay } from "../session";
import { List, type View } from "../ui/list";
import { Empty, Page } from "../ui/page";
import { ORDER_STATUSES, PAYMENT_STATUSES, PaymentState, Status } from "../ui/status";

const OrdersQuery = graphql(/* GraphQL */ `
  query Orders($first: Int, $last: Int, $after: String, $before: String, $filter: OrderFilterInput) {
    orders(first: $first, last: $last, after: $after, before: $before, filter: $filter, includeClients: true) {
      totalCount
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      nodes {
        id number status paymentStatus createdAt customer mass { tonnes } totalCost { amount currency } account { id name }
      }
    }
  }
`);

/** The filter of a list of orders, from its address. */
export const orderFilter = ({ status, payment, text, from, to }: View) => ({
  ...(status && { status: [status as OrderStatus] }),
  ...(payment && { paymentStatus: [payment as PaymentStatus] }),
  ...(text && { textContains: text }),
  ...((from || to) && {
    createdAt: { ...(from && { gte: `${from}T00:00:00Z` }), ...(to && { lt: dayAfter(to) }) },
  }),
});

const dayAfter = (day: string) => new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString();

/** The filters of a list of orders. */
export function useOrderFilters() {
  const { t } = useI18n();
  return [
    { name: "text", label: t("orders.search") },
    { name: "status", label: t("order.status"), options: ORDER_STATUSES.map((each) => [each, t(`status.${each}`)] as [string, string]) },
    { name: "payment", label: t("order.payment"), options: PAYMENT_STATUSES.map((each) => [each, t(`payment.${each}`)] as [string, string]) },
    { name: "from", label: t("orders.from"), type: "date" as const },
    { name: "to", label: t("orders.to"), type: "date" as const },
  ];
}

export default function Orders() {
  const { t, tonnes, money, date } = useI18n();
  const mayBuy = useMay("ORDERS_WRITE");
  return (
    <Page
      title={t("nav.orders")}
      actions={mayBuy && <Link href="/buy" className="button primary">{t("nav.buy")}</Link>}
    >
      <List
        document={OrdersQuery}
        caption={t("nav.orders")}
        connection={({ orders }) => orders}
        filters={useOrderFilters()}
        variables={(view) => ({ filter: orderFilter(view) })}
        rowKey={({ id }) => id}
        href={({ id }) => `/orders/${id}`}
        empty={<Empty href={mayBuy ? "/buy" : undefined} action={t("nav.buy")}>{t("orders.empty")}</Empty>}
        columns={[
          { name: t("order.number"), cell: (order) => order.number },
          { name: t("order.placed"), cell: (order) => date(order.createdAt) },
          { name: t("order.customer"), cell: (order) => order.customer ?? order.account.name },
          { name: t("order.status"), cell: (order) => <Status of={order.status} /> },
          { name: t("order.payment"), cell: (order) => <PaymentState of={order} /> },
          { name: t("order.mass"), cell: (order) => tonnes(order.mass), numeric: true },
          { name: t("order.total"), cell: (order) => money(order.totalCost), numeric: true },
        ]}
      />
    </Page>
  );
}
