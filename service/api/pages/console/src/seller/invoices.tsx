// Invoices of all customers.
import type { InvoiceStatus } from "../../generated/graphql";
import { graphql } from "../api";
import { useI18n } from "../i18n";
import { List } from "../ui/list";
import { Badge, Empty, Page } from "../ui/page";
import { InvoiceState } from "../ui/status";

const AllInvoicesQuery = graphql(/* GraphQL */ `
  query AllInvoices($first: Int, $last: Int, $after: String, $before: String, $filter: InvoiceFilterInput) {
    allInvoices(first: $first, last: $last, after: $after, before: $before, filter: $filter) {
      totalCount
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      nodes { id number status createdAt dueAt gross { amount currency } owed { amount currency } account { id name } }
    }
  }
`);

export default function AllInvoices() {
  const { t, money, date } = useI18n();
  const now = Date.now();
  return (
    <Page title={t("nav.allInvoices")} about={t("invoices.sellerAbout")}>
      <List
        document={AllInvoicesQuery}
        caption={t("nav.allInvoices")}
        connection={({ allInvoices }) => allInvoices}
        filters={[
          { name: "text", label: t("invoices.search") },
          { name: "status", label: t("order.status"), options: [["PENDING", t("invoice.PENDING")], ["PAID", t("invoice.PAID")]] },
        ]}
        variables={({ text, status }) => ({
          filter: { ...(text && { textContains: text }), ...(status && { status: [status as InvoiceStatus] }) },
        })}
        rowKey={({ id }) => id}
        href={({ id }) => `/invoices/${id}`}
        empty={<Empty href="/seller/customers" action={t("nav.customers")}>{t("invoices.sellerEmpty")}</Empty>}
        columns={[
          { name: t("invoice.number"), cell: (invoice) => invoice.number },
          { name: t("order.account"), cell: (invoice) => invoice.account?.name },
          {
            name: t("order.status"),
            cell: (invoice) => (
              <>
                <InvoiceState of={invoice.status} />{" "}
                {invoice.status === "PENDING" && Date.parse(invoice.dueAt) < now && <Badge tone="bad">{t("invoices.overdue")}</Badge>}
              </>
            ),
          },
          { name: t("invoice.issued"), cell: (invoice) => date(invoice.createdAt) },
          { name: t("invoice.dueAt"), cell: (invoice) => date(invoice.dueAt) },
          { name: t("invoice.gross"), cell: (invoice) => money(invoice.gross), numeric: true },
          { name: t("invoice.owed"), cell: (invoice) => money(invoice.owed), numeric: true },
        ]}
      />
    </Page>
  );
}
