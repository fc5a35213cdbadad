// Customers: their accounts, and how to create one.
import { useQuery } from "urql";
import { useLocation } from "wouter";
import type { Mode } from "../../generated/graphql";
import { graphql } from "../api";
import { useI18n } from "../i18n";
import { AccountQuery } from "../session";
import { pendingKey, useAct } from "../ui/act";
import { useCurrencies } from "../ui/currencies";
import { FormDialog } from "../ui/dialogs";
import { List } from "../ui/list";
import { Badge, Empty, Page } from "../ui/page";

const CustomersQuery = graphql(/* GraphQL */ `
  query Customers($first: Int, $last: Int, $after: String, $before: String, $filter: AccountFilterInput) {
    accounts(first: $first, last: $last, after: $after, before: $before, filter: $filter) {
      totalCount
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      nodes { id name mode currency suspended isClient createdAt commissionPercent }
    }
  }
`);
const PortfolioChoicesQuery = graphql(/* GraphQL */ `
  query PortfolioChoices { portfolios(first: 50) { nodes { id label } } }
`);
const CreateMutation = graphql(/* GraphQL */ `
  mutation CreateCustomer($input: CreateAccountInput!) {
    createAccount(input: $input) { liveAccount { id name } testAccount { id } userErrors { message path } }
  }
`);

export default function Customers() {
  const { t, date, percent } = useI18n();
  const [, navigate] = useLocation();
  const [{ data: choices }] = useQuery({ query: PortfolioChoicesQuery });
  const [{ data: own }] = useQuery({ query: AccountQuery });
  const { priced } = useCurrencies([own?.account?.currency ?? ""]);
  const [create] = useAct(CreateMutation);
  return (
    <Page
      title={t("nav.customers")}
      actions={
        choices && (
          <FormDialog
            primary
            action={t("customers.create")}
            title={t("customers.create")}
            about={<p className="quiet">{t("customers.createAbout")}</p>}
            fields={[
              { name: "name", label: t("clients.name") },
              { name: "currency", label: t("clients.currency"), type: "select", options: priced, hint: t("customers.currencyHint") },
              {
                name: "portfolioId", label: t("buy.mixChoice"), type: "select",
                options: (choices.portfolios?.nodes ?? []).map(({ id, label }) => [id, label]),
              },
              { name: "commissionPercent", label: t("customers.commission"), type: "decimal", initial: "0", hint: t("customers.commissionHint") },
              { name: "beneficiary", label: t("order.beneficiary"), optional: true },
            ]}
            onSubmit={async ({ name, currency, portfolioId, commissionPercent, beneficiary }) => {
              const { key, answered } = pendingKey("customer");
              const { data, refusals } = await create(
                {
                  input: {
                    reference: key, name: name!, currency: currency!, portfolioId: portfolioId!,
                    commissionPercent: commissionPercent!, beneficiary: beneficiary || null, contract: "GRAPHQL",
                  },
                },
                { answered },
              );
              if (!data?.createAccount?.liveAccount) return refusals;
              navigate(`/seller/customers/${data.createAccount.liveAccount.id}`);
            }}
          />
        )
      }
    >
      <List
        document={CustomersQuery}
        caption={t("nav.customers")}
        connection={({ accounts }) => accounts}
        filters={[
          { name: "name", label: t("clients.name") },
          { name: "mode", label: t("customers.mode"), options: [["LIVE", t("mode.LIVE")], ["TEST", t("mode.TEST")]] },
          { name: "suspended", label: t("order.status"), options: [["true", t("account.suspended")], ["false", t("account.active")]] },
        ]}
        variables={({ name, mode, suspended }) => ({
          filter: {
            ...(name && { nameContains: name }),
            ...(mode && { mode: mode as Mode }),
            ...(suspended && { suspended: suspended === "true" }),
          },
        })}
        rowKey={({ id }) => id}
        href={({ id }) => `/seller/customers/${id}`}
        empty={<Empty>{t("customers.empty")}</Empty>}
        columns={[
          { name: t("clients.name"), cell: (account) => account.name },
          { name: t("customers.mode"), cell: (account) => <Badge tone={account.mode === "LIVE" ? "plain" : "wait"}>{t(`mode.${account.mode}`)}</Badge> },
          { name: t("clients.currency"), cell: (account) => account.currency },
          { name: t("order.commission"), cell: (account) => percent(account.commissionPercent), numeric: true },
          { name: t("keys.createdAt"), cell: (account) => date(account.createdAt) },
          {
            name: t("order.status"),
            cell: (account) => (
              <>
                <Badge tone={account.suspended ? "bad" : "good"}>{t(account.suspended ? "account.suspended" : "account.active")}</Badge>{" "}
                {account.isClient && <Badge tone="plain">{t("customers.client")}</Badge>}
              </>
            ),
          },
        ]}
      />
    </Page>
  );
}
