// Reminding a customer of an invoice: who gets mail about it, and a mail to write in the seller's own mail program.
import { Dialog } from "@base-ui/react/dialog";
import { useQuery } from "urql";
import { Link } from "wouter";
import { graphql } from "../api";
import { useI18n } from "../i18n";
import type { Invoice } from "../pages/invoice";
import { Loaded } from "../ui/page";

const ContactsQuery = graphql(/* GraphQL */ `
  query InvoiceContacts($id: ID!) {
    node(id: $id) { __typename ... on Account { id contacts { email name kinds optedOut } } }
  }
`);

export function Reminder({ invoice, accountId }: { invoice: Invoice; accountId: string }) {
  const { t } = useI18n();
  return (
    <Dialog.Root>
      <Dialog.Trigger>{t("remind.action")}</Dialog.Trigger>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="dialog">
          <div className="section-head">
            <Dialog.Title>{t("remind.title", { number: invoice.number })}</Dialog.Title>
            <Dialog.Close className="quiet" aria-label={t("action.close")}>×</Dialog.Close>
          </div>
          <Recipients invoice={invoice} accountId={accountId} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Recipients({ invoice, accountId }: { invoice: Invoice; accountId: string }) {
  const { t, money, date } = useI18n();
  const [result] = useQuery({ query: ContactsQuery, variables: { id: accountId } });
  return (
    <Loaded of={result} lines={2}>
      {({ node }) => {
        const contacts = node?.__typename === "Account" ? node.contacts : [];
        const reached = contacts.filter(({ kinds, optedOut }) => kinds.includes("INVOICE_DUE") && !optedOut.includes("INVOICE_DUE"));
        if (reached.length === 0) {
          return (
            <>
              <p>{t("remind.nobody")}</p>
              <div className="actions"><Link className="button" href={`/seller/customers/${accountId}`}>{t("mails.customer")}</Link></div>
            </>
          );
        }
        const facts = { number: invoice.number, owed: money(invoice.owed), date: date(invoice.dueAt), url: invoice.pdfUrl ?? "" };
        const [subject, body] = [t("remind.subject", facts), t("remind.body", facts)].map(encodeURIComponent);
        const to = reached.map(({ email }) => encodeURIComponent(email)).join(",");
        return (
          <>
            <p>{t("remind.about")}</p>
            <ul>{reached.map(({ email, name }) => <li key={email}>{name} <bdi>{email}</bdi></li>)}</ul>
            <div className="actions">
              <a className="button primary" href={`mailto:${to}?subject=${subject}&body=${body}`}>{t("remind.write")}</a>
            </div>
          </>
        );
      }}
    </Loaded>
  );
}
