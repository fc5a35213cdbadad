// Client accounts of the account.
import { useQuery } from "urql";
import { config, graphql } from "../api";
import { useI18n } from "../i18n";
import { AccountQuery, useMay, useSession } from "../session";
import { useAct } from "../ui/act";
import { FormDialog } from "../ui/dialogs";
import { List } from "../ui/list";
import { useNotice } from "../ui/notices";
import { Badge, Empty, Page } from "../ui/page";

const ClientsQuery = graphql(/* GraphQL */ `
  query Clients($first: Int, $last: Int, $after: String, $before: String, $name: String) {
    clientAccounts(first: $first, last: $last, after: $after, before: $before, nameContains: $name) {
      totalCount
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      nodes { id name currency handle beneficiary mayUseBalance externalPagesVisibility suspended createdAt }
    }
  }
`);
const CreateMutation = graphql(/* GraphQL */ `
  mutation CreateClient($input: CreateClientAccountInput!) {
    createClientAccount(input: $input) { account { id name } userErrors { message path } }
  }
`);
const UpdateMutation = graphql(/* GraphQL */ `
  mutation UpdateClient($input: UpdateClientAccountInput!) {
    updateClientAccount(input: $input) { account { id name beneficiary mayUseBalance externalPagesVisibility } userErrors { message path } }
  }
`);

export default function Clients() {
  const { t, date, currencyName } = useI18n();
  const { actFor } = useSession();
  const [{ data: own }] = useQuery({ query: AccountQuery });
  const codes = new Set([...(own?.account ? [own.account.currency] : []), ...config.currencies]);
  const currencies = [...codes].map((code): [string, string] => [code, currencyName(code)]);
  const mayWrite = useMay("ORDERS_WRITE");
  const [create] = useAct(CreateMutation);
  const [update] = useAct(UpdateMutation);
  const notice = useNotice();
  return (
    <Page
      title={t("nav.clients")}
      about={t("clients.about")}
      actions={
        mayWrite && (
          <FormDialog
            primary
            action={t("clients.create")}
            title={t("clients.create")}
            fields={[
              { name: "name", label: t("clients.name") },
              { name: "currency", label: t("clients.currency"), type: "select", options: currencies, hint: t("clients.currencyHint") },
              { name: "handle", label: t("clients.handle"), hint: t("clients.handleHint") },
              { name: "beneficiary", label: t("order.beneficiary"), optional: true },
            ]}
            onSubmit={async ({ name, currency, handle, beneficiary }) => {
              const input = { name: name!, currency: currency!, handle, beneficiary: beneficiary || null };
              const { data, refusals } = await create({ input });
              if (data) notice(t("clients.created", { name: name! }));
              return refusals;
            }}
          />
        )
      }
    >
      <List
        document={ClientsQuery}
        caption={t("nav.clients")}
        connection={({ clientAccounts }) => clientAccounts}
        filters={[{ name: "name", label: t("clients.name") }]}
        variables={({ name }) => ({ name: name || null })}
        rowKey={({ id }) => id}
        empty={<Empty>{t("clients.empty")}</Empty>}
        columns={[
          { name: t("clients.name"), cell: (client) => <>{client.name} {client.suspended && <Badge tone="bad">{t("account.suspended")}</Badge>}</> },
          { name: t("clients.handle"), cell: (client) => client.handle },
          { name: t("clients.currency"), cell: (client) => client.currency },
          { name: t("order.beneficiary"), cell: (client) => client.beneficiary },
          { name: t("keys.createdAt"), cell: (client) => date(client.createdAt) },
          {
            name: t("list.actions"),
            cell: (client) => (
              <div className="actions">
                <button type="button" onClick={() => actFor({ id: client.id, name: client.name })}>{t("clients.act")}</button>
                {mayWrite && (
                  <FormDialog
                    action={t("clients.change")}
                    title={client.name}
                    fields={[
                      { name: "name", label: t("clients.name"), initial: client.name },
                      { name: "beneficiary", label: t("order.beneficiary"), optional: true, initial: client.beneficiary ?? "" },
                      { name: "mayUseBalance", label: t("clients.balance"), type: "checkbox", initial: client.mayUseBalance ? "on" : "" },
                      { name: "hidden", label: t("clients.hidden"), type: "checkbox", hint: t("clients.hiddenHint"), initial: client.externalPagesVisibility === "HIDDEN" ? "on" : "" },
                    ]}
                    onSubmit={async ({ name, beneficiary, mayUseBalance, hidden }) => {
                      const input = {
                        id: client.id, name, beneficiary: beneficiary || null, mayUseBalance: mayUseBalance === "on",
                        externalPagesVisibility: hidden === "on" ? ("HIDDEN" as const) : ("PUBLIC" as const),
                      };
                      return (await update({ input })).refusals;
                    }}
                  />
                )}
              </div>
            ),
          },
        ]}
      />
    </Page>
  );
}
