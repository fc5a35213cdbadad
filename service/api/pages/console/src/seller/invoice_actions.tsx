// What the seller can do with an invoice: record a payment for it, or mark it as paid.
import { graphql } from "../api";
import { useI18n } from "../i18n";
import type { Invoice } from "../pages/invoice";
import { useAct } from "../ui/act";
import { Confirm, FormDialog } from "../ui/dialogs";
import { useNotice } from "../ui/notices";
import { Reminder } from "./reminder";

const PayMutation = graphql(/* GraphQL */ `
  mutation RecordInvoicePayment($input: RecordPaymentInput!) {
    recordPayment(input: $input) {
      payment { id }
      invoice { id status paidAt owed { amount currency } }
      userErrors { message path }
    }
  }
`);
const SettleMutation = graphql(/* GraphQL */ `
  mutation SettleInvoice($account: ID!, $invoice: ID!) {
    settleInvoice(input: { accountId: $account, invoiceId: $invoice }) {
      invoice { id status paidAt owed { amount currency } }
      userErrors { message path }
    }
  }
`);

export default function InvoiceActions({ invoice }: { invoice: Invoice }) {
  const { t, money } = useI18n();
  const [pay] = useAct(PayMutation);
  const [settle] = useAct(SettleMutation);
  const notice = useNotice();
  if (!invoice.account || invoice.status === "PAID") return null;
  const accountId = invoice.account.id;
  return (
    <div className="actions">
      <FormDialog
        action={t("pay.action")}
        title={t("pay.invoiceTitle", { number: invoice.number })}
        fields={[
          { name: "amount", label: t("pay.amount", { currency: invoice.currency }), type: "decimal", currency: invoice.currency, initial: invoice.owed.amount },
          { name: "reference", label: t("pay.reference"), hint: t("pay.referenceHint") },
        ]}
        onSubmit={async ({ amount, reference }) => {
          const sum = { amount: amount!, currency: invoice.currency };
          const { data, refusals } = await pay({ input: { accountId, invoiceId: invoice.id, reference: reference!, amount: sum } });
          if (data) notice(t("pay.done", { amount: money(sum) }));
          return refusals;
        }}
      />
      <Reminder invoice={invoice} accountId={accountId} />
      <Confirm
        action={t("settle.action")}
        question={t("settle.question", { number: invoice.number })}
        about={t("settle.about", { owed: money(invoice.owed) })}
        onConfirm={async () => (await settle({ account: accountId, invoice: invoice.id })).refusals}
      />
    </div>
  );
}
