// One customer: balances and limits, tax and billing, keys, and what the seller does with its account.
import { Link, useLocation, useParams } from "wouter";
import type { CustomerQuery as CustomerData } from "../../generated/graphql";
import { graphql } from "../api";
import { useI18n } from "../i18n";
import { useSession } from "../session";
import { Contacts } from "../ui/contacts";
import { Table } from "../ui/list";
import { useLiveQuery } from "../ui/live";
import { Badge, Empty, Facts, Figure, Loaded, Page, Section } from "../ui/page";
import { InvoiceState } from "../ui/status";
import { BillDialog, BillingDialog, CommissionDialog, KeyDialog, LimitDialog, PaymentDialog, Suspension, TaxDialog } from "./customer_actions";

const CustomerQuery = graphql(/* GraphQL */ `
  query Customer($id: ID!) {
    node(id: $id) {
      __typename
      ... on Account {
        id name mode currency suspended isClient commissionPercent createdAt beneficiary
        parent { id name }
        balances { amount currency } owed { amount currency } creditLimit { amount currency } held { tonnes }
        billingDetails { legalName address country taxNumber registrationNumber purchaseOrder }
        taxProfiles { validFrom category rate reason }
        contacts { email name kinds optedOut }
        apiKeys(first: 20) { nodes { id prefix name revokedAt expiresAt lastUsedAt } }
        invoices(first: 5) { nodes { id number status dueAt gross { amount currency } owed { amount currency } } }
        payments(first: 5) { nodes { id reference createdAt amount { amount currency } } }
      }
    }
    allOrders(first: 1, accountIds: [$id]) { totalCount }
  }
`);

export type Account = Extract<NonNullable<CustomerData["node"]>, { __typename: "Account" }>;

export default function CustomerPage() {
  const { id } = useParams<{ id: string }>();
  const { t } = useI18n();
  const [result] = useLiveQuery({ query: CustomerQuery, variables: { id } });
  return (
    <Loaded of={result} lines={10}>
      {({ node, allOrders }) =>
        node?.__typename === "Account" ? (
          <Shown account={node} orders={allOrders?.totalCount ?? 0} />
        ) : (
          <Page title={t("nav.customers")}><Empty href="/seller/customers" action={t("nav.customers")}>{t("customers.unknown")}</Empty></Page>
        )
      }
    </Loaded>
  );
}

function Shown({ account, orders }: { account: Account; orders: number }) {
  const { t, money, number, date, dateTime, percent, tonnes } = useI18n();
  const { actFor } = useSession();
  const [, navigate] = useLocation();
  const { billingDetails: billing } = account;
  const billed: [string, string | null | undefined][] = [
    [t("customers.legalName"), billing.legalName],
    [t("customers.address"), billing.address],
    [t("statement.country"), billing.country],
    [t("customers.taxNumber"), billing.taxNumber],
    [t("customers.purchaseOrder"), billing.purchaseOrder],
    ...account.taxProfiles.map(({ validFrom, category, rate, reason }): [string, string] => [
      t("customers.taxFrom", { date: date(validFrom) }),
      `${t(`tax.${category}`)} ${category === "STANDARD" ? percent(rate) : (reason ?? "")}`,
    ]),
  ];
  const act = () => {
    actFor({ id: account.id, name: account.name });
    navigate("/");
  };
  return (
    <Page
      title={account.name}
      about={
        <>
          <Badge tone={account.mode === "LIVE" ? "plain" : "wait"}>{t(`mode.${account.mode}`)}</Badge>{" "}
          {account.suspended && <Badge tone="bad">{t("account.suspended")}</Badge>} {t("customers.since", { date: date(account.createdAt) })}
        </>
      }
      actions={
        <>
          <button type="button" className="primary" onClick={act}>{t("customers.act")}</button>
          <Suspension account={account} />
        </>
      }
    >
      <div className="figures">
        <Figure name={t("nav.orders")} value={<Link href={`/seller/orders?account=${account.id}`}>{number(orders)}</Link>} />
        <Figure
          name={t("overview.owed")}
          value={money(account.owed)}
          about={account.creditLimit ? t("overview.limit", { limit: money(account.creditLimit) }) : t("customers.noLimit")}
        />
        <Figure name={t("overview.balance")} value={account.balances.map(money).join(" · ") || "–"} />
        <Figure name={t("customers.held")} value={tonnes(account.held)} />
      </div>
      <div className="columns">
        <Section title={t("order.facts")} actions={<div className="actions"><LimitDialog account={account} /><CommissionDialog account={account} /></div>}>
          <Facts
            of={[
              [t("clients.currency"), account.currency],
              [t("order.commission"), t("account.ofTotal", { percent: percent(account.commissionPercent) })],
              [t("order.beneficiary"), account.beneficiary],
              [t("customers.parent"), account.parent && <Link key="parent" href={`/seller/customers/${account.parent.id}`}>{account.parent.name}</Link>],
            ]}
          />
        </Section>
        <Section title={t("customers.billing")} actions={!account.isClient && <div className="actions"><BillingDialog account={account} /><TaxDialog account={account} /></div>}>
          {billed.some(([, value]) => value) ? <Facts of={billed} /> : <p className="quiet">{t(account.isClient ? "customers.parentBilled" : "customers.noBilling")}</p>}
        </Section>
      </div>
      <Section title={t("nav.invoices")} actions={<div className="actions"><BillDialog account={account} /><PaymentDialog account={account} /></div>}>
        {account.invoices.nodes.length === 0 ? (
          <Empty>{t("customers.noInvoices")}</Empty>
        ) : (
          <Table
            caption={t("nav.invoices")}
            rows={account.invoices.nodes}
            rowKey={({ id }) => id}
            href={({ id }) => `/invoices/${id}`}
            columns={[
              { name: t("invoice.number"), cell: (invoice) => invoice.number },
              { name: t("order.status"), cell: (invoice) => <InvoiceState of={invoice.status} /> },
              { name: t("invoice.dueAt"), cell: (invoice) => date(invoice.dueAt) },
              { name: t("invoice.gross"), cell: (invoice) => money(invoice.gross), numeric: true },
              { name: t("invoice.owed"), cell: (invoice) => money(invoice.owed), numeric: true },
            ]}
          />
        )}
      </Section>
      {account.payments.nodes.length > 0 && (
        <Section title={t("customers.payments")}>
          <Table
            caption={t("customers.payments")}
            rows={account.payments.nodes}
            rowKey={({ id }) => id}
            columns={[
              { name: t("invoice.reference"), cell: (payment) => payment.reference },
              { name: t("customers.paidOn"), cell: (payment) => date(payment.createdAt) },
              { name: t("customers.paidAmount"), cell: (payment) => money(payment.amount), numeric: true },
            ]}
          />
        </Section>
      )}
      <Contacts contacts={account.contacts} accountId={account.id} />
      <Section title={t("nav.keys")} actions={<KeyDialog account={account} />}>
        {account.apiKeys.nodes.length === 0 ? (
          <Empty>{t("customers.noKeys")}</Empty>
        ) : (
          <Table
            caption={t("nav.keys")}
            rows={account.apiKeys.nodes}
            rowKey={({ id }) => id}
            columns={[
              { name: t("keys.name"), cell: (key) => key.name },
              { name: t("customers.keyStart"), cell: (key) => <code dir="ltr">{key.prefix}</code> },
              { name: t("keys.lastUsed"), cell: (key) => dateTime(key.lastUsedAt) },
              { name: t("order.status"), cell: (key) => <Badge tone={key.revokedAt ? "bad" : "good"}>{t(key.revokedAt ? "keys.revoked" : "keys.valid")}</Badge> },
            ]}
          />
        )}
      </Section>
    </Page>
  );
}
