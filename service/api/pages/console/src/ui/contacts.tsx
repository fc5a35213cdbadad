// Contacts of an account: who gets mail about what.
import type { ContactInput, MailKind } from "../../generated/graphql";
import { graphql, type Refusal } from "../api";
import { useI18n } from "../i18n";
import { useAct } from "./act";
import { Confirm, FormDialog } from "./dialogs";
import { Table } from "./list";
import { useNotice } from "./notices";
import { Badge, Empty, Section } from "./page";

const SetMutation = graphql(/* GraphQL */ `
  mutation SetContacts($input: SetContactsInput!) {
    setContacts(input: $input) { account { id contacts { email name kinds optedOut } } userErrors { message path } }
  }
`);

export const MAIL_KINDS: MailKind[] = ["ORDER_CONFIRMED", "CERTIFICATE_READY", "RETIREMENT_RECORDED", "INVOICE_ISSUED", "INVOICE_DUE", "INVOICE_PAID"];

export type Contact = { email: string; name: string; kinds: readonly MailKind[]; optedOut: readonly MailKind[] };
type Props = { contacts: readonly Contact[]; accountId?: string };

export function Contacts({ contacts, accountId }: Props) {
  const { t } = useI18n();
  const [set] = useAct(SetMutation);
  const notice = useNotice();
  /** Save the list with one contact added, changed or, without `next`, removed. */
  const save = async (before: Contact | undefined, next?: ContactInput): Promise<Refusal[]> => {
    const kept = contacts.filter((each) => each !== before).map(({ email, name, kinds }) => ({ email, name, kinds: [...kinds] }));
    const { data, refusals } = await set({ input: { contacts: next ? [...kept, next] : kept } }, { accountId });
    if (data) notice(t("contacts.saved"));
    return refusals;
  };
  return (
    <Section title={t("contacts.title")} actions={<Change save={(next) => save(undefined, next)} />}>
      <p className="quiet">{t("contacts.about")}</p>
      {contacts.length === 0 ? (
        <Empty>{t("contacts.empty")}</Empty>
      ) : (
        <Table
          caption={t("contacts.title")}
          rows={contacts}
          rowKey={({ email }) => email}
          columns={[
            { name: t("keys.name"), cell: ({ name, email }) => <>{name}<p className="quiet"><bdi>{email}</bdi></p></> },
            {
              name: t("contacts.kinds"),
              cell: ({ kinds, optedOut }) =>
                kinds.length === 0 ? t("contacts.none") : kinds.map((kind) => (
                  <span key={kind}>
                    <Badge tone={optedOut.includes(kind) ? "bad" : "plain"}>
                      {optedOut.includes(kind) ? t("contacts.declined", { kind: t(`mailKind.${kind}`) }) : t(`mailKind.${kind}`)}
                    </Badge>{" "}
                  </span>
                )),
            },
            {
              name: t("list.actions"),
              cell: (contact) => (
                <div className="actions">
                  <Change contact={contact} save={(next) => save(contact, next)} />
                  <Confirm
                    danger
                    action={t("contacts.remove")}
                    question={t("contacts.removeQuestion", { name: contact.name })}
                    about={t("contacts.removeAbout")}
                    onConfirm={() => save(contact)}
                  />
                </div>
              ),
            },
          ]}
        />
      )}
    </Section>
  );
}

function Change({ contact, save }: { contact?: Contact; save: (next: ContactInput) => Promise<Refusal[]> }) {
  const { t } = useI18n();
  return (
    <FormDialog
      action={t(contact ? "clients.change" : "contacts.add")}
      title={contact?.name ?? t("contacts.add")}
      fields={[
        { name: "name", label: t("keys.name"), initial: contact?.name },
        { name: "email", label: t("contacts.email"), type: "email", initial: contact?.email },
        ...MAIL_KINDS.map((kind) => ({
          name: kind, label: t(`mailKind.${kind}`), type: "checkbox" as const, path: "kinds",
          initial: !contact || contact.kinds.includes(kind) ? "on" : "",
        })),
        ...(contact?.optedOut ?? []).map((kind) => ({
          name: `declined.${kind}`, label: t("contacts.declined", { kind: t(`mailKind.${kind}`) }), type: "checkbox" as const,
          path: "optedOut", initial: "on", hint: t("contacts.declinedHint"),
        })),
      ]}
      submit={t("action.save")}
      onSubmit={async ({ name, email, ...chosen }) =>
        save({
          name: name!, email: email!,
          kinds: MAIL_KINDS.filter((kind) => chosen[kind] === "on"),
          ...(contact && { optedOut: contact.optedOut.filter((kind) => chosen[`declined.${kind}`] === "on") }),
        })
      }
    />
  );
}
