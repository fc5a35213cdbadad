// One invoice: its lines, its sums, how to pay it, and its credit notes.
import { lazy, Suspense } from "react";
import { Link, useParams } from "wouter";
import type { InvoiceQuery as InvoiceData } from "../../generated/graphql";
import { graphql, here } from "../api";
import { useI18n } from "../i18n";
import { useSession } from "../session";
import { RevokeLinks } from "../ui/document_links";
import { Table } from "../ui/list";
import { useLiveQuery } from "../ui/live";
import { Empty, Facts, Loaded, Page, Section } from "../ui/page";
import { InvoiceState } from "../ui/status";

const InvoiceQuery = graphql(/* GraphQL */ `
  query Invoice($id: ID!) {
    node(id: $id) {
      __typename
      ... on Invoice {
        id number pdfUrl reference status currency createdAt dueAt paidAt taxCategory taxRate taxReason
        net { amount currency } tax { amount currency } gross { amount currency } prepaid { amount currency }
        due { amount currency } owed { amount currency }
        account { id name }
        seller { legalName bankName bankAccount bankCode paymentTerms }
        lines(first: 50) { nodes { id billed { amount currency } mass { tonnes } order { id number } } pageInfo { hasNextPage } }
        creditNotes(first: 20) { nodes { id number pdfUrl reason createdAt gross { amount currency } } }
      }
    }
  }
`);

export type Invoice = Extract<NonNullable<InvoiceData["node"]>, { __typename: "Invoice" }>;
const SellerActions = lazy(() => import("../seller/invoice_actions"));

export default function InvoicePage() {
  const { id } = useParams<{ id: string }>();
  const { t } = useI18n();
  const [result] = useLiveQuery({ query: InvoiceQuery, variables: { id } });
  return (
    <Loaded of={result} lines={10}>
      {({ node }) =>
        node?.__typename === "Invoice" ? (
          <Shown invoice={node} />
        ) : (
          <Page title={t("nav.invoices")}><Empty href="/invoices" action={t("nav.invoices")}>{t("invoice.unknown")}</Empty></Page>
        )
      }
    </Loaded>
  );
}

function Shown({ invoice }: { invoice: Invoice }) {
  const { t, tonnes, money, date, percent } = useI18n();
  const { isSeller } = useSession();
  const { seller } = invoice;
  return (
    <Page
      title={t("order.invoice", { number: invoice.number })}
      about={<><InvoiceState of={invoice.status} /> {invoice.account?.name}</>}
      actions={
        <>
          {invoice.pdfUrl && <a className="button" href={here(invoice.pdfUrl)}>{t("invoice.pdf")}</a>}
          <RevokeLinks id={invoice.id} accountId={isSeller ? invoice.account?.id : undefined} />
        </>
      }
    >
      {isSeller && <Suspense><SellerActions invoice={invoice} /></Suspense>}
      <div className="columns">
        <Section title={t("order.facts")}>
          <Facts
            of={[
              [t("invoice.reference"), invoice.reference],
              [t("invoice.issued"), date(invoice.createdAt)],
              [t("invoice.dueAt"), date(invoice.dueAt)],
              [t("invoice.paidAt"), invoice.paidAt && date(invoice.paidAt)],
              [t("invoice.net"), money(invoice.net)],
              [t("invoice.tax", { rate: invoice.taxRate ? percent(invoice.taxRate) : "" }), money(invoice.tax)],
              [t("invoice.taxReason"), invoice.taxReason],
              [t("invoice.gross"), money(invoice.gross)],
              [t("invoice.prepaid"), money(invoice.prepaid)],
              [t("invoice.owed"), <b key="owed">{money(invoice.owed)}</b>],
            ]}
          />
        </Section>
        <Section title={t("invoice.howToPay")}>
          <Facts
            of={[
              [t("invoice.payTo"), seller?.legalName],
              [t("invoice.bank"), seller?.bankName],
              [t("invoice.bankAccount"), seller?.bankAccount && <bdi key="account">{seller.bankAccount}</bdi>],
              [t("invoice.bankCode"), seller?.bankCode && <bdi key="code">{seller.bankCode}</bdi>],
              [t("invoice.state"), <bdi key="number">{invoice.number}</bdi>],
              [t("invoice.terms"), seller?.paymentTerms],
            ]}
          />
        </Section>
      </div>
      <Section title={t("invoice.lines")}>
        <Table
          caption={t("invoice.lines")}
          rows={invoice.lines.nodes}
          rowKey={({ id }) => id}
          columns={[
            { name: t("order.number"), cell: ({ order }) => order && <Link href={`/orders/${order.id}`}>{order.number}</Link> },
            { name: t("order.mass"), cell: ({ mass }) => tonnes(mass), numeric: true },
            { name: t("invoice.net"), cell: ({ billed }) => money(billed), numeric: true },
          ]}
        />
        {invoice.lines.pageInfo.hasNextPage && <p className="quiet">{t("invoice.moreLines")}</p>}
      </Section>
      {invoice.creditNotes.nodes.length > 0 && (
        <Section title={t("invoice.creditNotes")}>
          <Table
            caption={t("invoice.creditNotes")}
            rows={invoice.creditNotes.nodes}
            rowKey={({ id }) => id}
            columns={[
              { name: t("invoice.number"), cell: ({ number, pdfUrl }) => <a href={here(pdfUrl)}>{number}</a> },
              { name: t("invoice.reason"), cell: ({ reason }) => t(`credit.${reason}`) },
              { name: t("invoice.issued"), cell: ({ createdAt }) => date(createdAt) },
              { name: t("invoice.gross"), cell: ({ gross }) => money(gross), numeric: true },
            ]}
          />
        </Section>
      )}
    </Page>
  );
}
