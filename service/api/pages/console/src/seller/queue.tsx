// Orders that wait for credits, the earliest first, as credits that come in are given to them.
import { graphql } from "../api";
import { useI18n } from "../i18n";
import { List } from "../ui/list";
import { tonnesOf } from "../ui/mass";
import { Empty, Page } from "../ui/page";

const QueueQuery = graphql(/* GraphQL */ `
  query Queue($first: Int, $last: Int, $after: String, $before: String) {
    allOrders(first: $first, last: $last, after: $after, before: $before, filter: { status: [PLACED] }, orderBy: { field: CREATED_AT, descending: false }) {
      totalCount
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      nodes { id number createdAt mass { tonnes } fulfilledMass { tonnes } account { id name } lines { bundle { id name } mass { grams tonnes } fulfilledMass { grams tonnes } } }
    }
  }
`);

export default function Queue() {
  const { t, tonnes, dateTime } = useI18n();
  return (
    <Page title={t("nav.queue")} about={t("queue.about")}>
      <List
        document={QueueQuery}
        caption={t("nav.queue")}
        connection={({ allOrders }) => allOrders}
        rowKey={({ id }) => id}
        href={({ id }) => `/orders/${id}`}
        empty={<Empty>{t("queue.empty")}</Empty>}
        columns={[
          { name: t("order.number"), cell: (order) => order.number },
          { name: t("order.account"), cell: (order) => order.account.name },
          { name: t("order.placed"), cell: (order) => dateTime(order.createdAt) },
          {
            name: t("queue.waitsFor"),
            cell: (order) => (
              <ul className="links">
                {order.lines.map(({ bundle, mass, fulfilledMass }) => {
                  const missing = BigInt(mass.grams) - BigInt(fulfilledMass.grams);
                  return missing > 0n && <li key={bundle.id}>{bundle.name}: {tonnes(tonnesOf(missing))}</li>;
                })}
              </ul>
            ),
          },
          { name: t("order.fulfilled"), cell: (order) => tonnes(order.fulfilledMass), numeric: true },
          { name: t("order.mass"), cell: (order) => tonnes(order.mass), numeric: true },
        ]}
      />
    </Page>
  );
}
