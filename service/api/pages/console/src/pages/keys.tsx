// API keys of the account.
import { useState } from "react";
import { graphql, type Scope } from "../api";
import { useI18n } from "../i18n";
import { useSession } from "../session";
import { pendingKey, useAct } from "../ui/act";
import { Confirm, FormDialog, ShownOnce } from "../ui/dialogs";
import { List } from "../ui/list";
import { Badge, Empty, Page } from "../ui/page";

const KeysQuery = graphql(/* GraphQL */ `
  query Keys($first: Int, $last: Int, $after: String, $before: String) {
    account {
      apiKeys(first: $first, last: $last, after: $after, before: $before) {
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        nodes { id keyId prefix name scopes createdAt expiresAt revokedAt lastUsedAt }
      }
    }
  }
`);
const CreateMutation = graphql(/* GraphQL */ `
  mutation CreateKey($input: CreateApiKeyInput!) {
    createApiKey(input: $input) { secret apiKey { id keyId } userErrors { message path } }
  }
`);
const RevokeMutation = graphql(/* GraphQL */ `
  mutation RevokeKey($id: ID!) {
    revokeApiKey(input: { id: $id }) { apiKey { id revokedAt } userErrors { message path } }
  }
`);

const SCOPES: Scope[] = ["ORDERS_READ", "ORDERS_WRITE", "CATALOGUE_READ", "ACCOUNT_MANAGE"];

export default function Keys() {
  const { t, date, dateTime } = useI18n();
  const { scopes } = useSession();
  const [create] = useAct(CreateMutation);
  const [revoke] = useAct(RevokeMutation);
  const [secret, setSecret] = useState<string | null>(null);
  const isOperator = scopes.has("OPERATOR");
  return (
    <Page
      title={t("nav.keys")}
      about={t("keys.about")}
      actions={
        <FormDialog
          primary
          action={t("keys.create")}
          title={t("keys.create")}
          fields={[
            { name: "name", label: t("keys.name"), hint: t("keys.nameHint") },
            ...SCOPES.filter((scope) => isOperator || scopes.has(scope)).map((scope) => ({
              name: scope, label: t(`scope.${scope}`), type: "checkbox" as const, path: "scopes",
              initial: scope === "ACCOUNT_MANAGE" ? "" : "on",
            })),
            { name: "expiresAt", label: t("keys.expires"), type: "date", optional: true, hint: t("keys.expiresHint") },
          ]}
          onSubmit={async ({ name, expiresAt, ...chosen }) => {
            const { key, answered } = pendingKey("key");
            const { data, refusals } = await create(
              {
                input: {
                  idempotencyKey: key,
                  name: name!,
                  scopes: SCOPES.filter((scope) => chosen[scope] === "on"),
                  expiresAt: expiresAt ? `${expiresAt}T00:00:00Z` : null,
                },
              },
              { withKey: true, answered },
            );
            setSecret(data?.createApiKey?.secret ?? null);
            return refusals;
          }}
        />
      }
    >
      {secret && <ShownOnce title={t("keys.created")} about={t("keys.createdAbout")} text={secret} onClose={() => setSecret(null)} />}
      <List
        document={KeysQuery}
        caption={t("nav.keys")}
        connection={({ account }) => account?.apiKeys}
        rowKey={({ id }) => id}
        empty={<Empty>{t("keys.empty")}</Empty>}
        columns={[
          { name: t("keys.name"), cell: (key) => <>{key.name} <code dir="ltr" className="quiet">{key.prefix}</code></> },
          { name: t("keys.scopes"), cell: (key) => key.scopes.map((scope) => t(`scope.${scope}`)).join(", ") },
          { name: t("keys.createdAt"), cell: (key) => date(key.createdAt) },
          { name: t("keys.lastUsed"), cell: (key) => dateTime(key.lastUsedAt) },
          {
            name: t("order.status"),
            cell: (key) =>
              key.revokedAt ? (
                <Badge tone="bad">{t("keys.revoked")}</Badge>
              ) : (
                <>
                  <Badge tone="good">{t("keys.valid")}</Badge> {key.expiresAt && t("keys.until", { date: date(key.expiresAt) })}
                </>
              ),
          },
          {
            name: t("list.actions"),
            cell: (key) =>
              !key.revokedAt && (
                <Confirm
                  danger
                  action={t("keys.revoke")}
                  question={t("keys.revokeQuestion", { name: key.name })}
                  about={t("keys.revokeAbout")}
                  onConfirm={async () => (await revoke({ id: key.id })).refusals}
                />
              ),
          },
        ]}
      />
    </Page>
  );
}
