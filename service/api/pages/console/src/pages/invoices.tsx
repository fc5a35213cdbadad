// Invoices and payments of the account.
import { graphql } from "../api";
import { useI18n } from "../i18n";
import { List } from "../ui/list";
import { Empty, Page } from "../ui/page";
import { InvoiceState } from "../ui/status";

const InvoicesQuery = graphql(/* GraphQL */ `
  query Invoices($first: Int, $last: Int, $after: String, $before: String) {
    account {
      invoices(first: $first, last: $last, after: $after, before: $before) {
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        nodes { id number reference status createdAt dueAt gross { amount currency } owed { amount currency } }
      }
    }
  }
`);

export default function Invoices() {
  const { t, money, date } = useI18n();
  return (
    <Page title={t("nav.invoices")} about={t("invoices.about")}>
      <List
        document={InvoicesQuery}
        caption={t("nav.invoices")}
        connection={({ account }) => account?.invoices}
        rowKey={({ id }) => id}
        href={({ id }) => `/invoices/${id}`}
        empty={<Empty>{t("invoices.empty")}</Empty>}
        columns={[
          { name: t("invoice.number"), cell: (invoice) => invoice.number },
          { name: t("invoice.reference"), cell: (invoice) => invoice.reference },
          { name: t("order.status"), cell: (invoice) => <InvoiceState of={invoice.status} /> },
          { name: t("invoice.issued"), cell: (invoice) => date(invoice.createdAt) },
          { name: t("invoice.dueAt"), cell: (invoice) => date(invoice.dueAt) },
          { name: t("invoice.gross"), cell: (invoice) => money(invoice.gross), numeric: true },
          { name: t("invoice.owed"), cell: (invoice) => money(invoice.owed), numeric: true },
        ]}
      />
    </Page>
  );
}
