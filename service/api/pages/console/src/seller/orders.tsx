// Orders of all customers.
import { Link, useSearchParams } from "wouter";
import { graphql } from "../api";
import { useI18n } from "../i18n";
import { orderFilter, useOrderFilters } from "../pages/orders";
import { List } from "../ui/list";
import { Empty, Page } from "../ui/page";
import { PaymentState, Status } from "../ui/status";

const AllOrdersQuery = graphql(/* GraphQL */ `
  query AllOrders($first: Int, $last: Int, $after: String, $before: String, $filter: OrderFilterInput, $accountIds: [ID!]) {
    allOrders(first: $first, last: $last, after: $after, before: $before, filter: $filter, accountIds: $accountIds) {
      totalCount
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      nodes { id number status paymentStatus createdAt customer mass { tonnes } totalCost { amount currency } account { id name mode } }
    }
  }
`);

export default function AllOrders() {
  const { t, tonnes, money, date } = useI18n();
  const [search] = useSearchParams();
  return (
    <Page
      title={t("nav.allOrders")}
      about={search.has("account") && <>{t("orders.ofOne")} <Link href="/seller/orders">{t("orders.ofAll")}</Link></>}
    >
      <List
        document={AllOrdersQuery}
        caption={t("nav.allOrders")}
        connection={({ allOrders }) => allOrders}
        filters={useOrderFilters()}
        variables={(view) => ({ filter: orderFilter(view), accountIds: view.account ? [view.account] : null })}
        rowKey={({ id }) => id}
        href={({ id }) => `/orders/${id}`}
        empty={<Empty>{t("orders.empty")}</Empty>}
        columns={[
          { name: t("order.number"), cell: (order) => order.number },
          { name: t("order.account"), cell: (order) => order.account.name },
          { name: t("order.placed"), cell: (order) => date(order.createdAt) },
          { name: t("order.customer"), cell: (order) => order.customer },
          { name: t("order.status"), cell: (order) => <Status of={order.status} /> },
          { name: t("order.payment"), cell: (order) => <PaymentState of={order} /> },
          { name: t("order.mass"), cell: (order) => tonnes(order.mass), numeric: true },
          { name: t("order.total"), cell: (order) => money(order.totalCost), numeric: true },
        ]}
      />
    </Page>
  );
}
