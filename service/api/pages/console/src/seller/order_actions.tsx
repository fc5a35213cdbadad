// What the seller can do with an order: record a payment, refund it, or fail it.
import { graphql } from "../api";
import { useI18n } from "../i18n";
import type { Order } from "../pages/order";
import { useAct } from "../ui/act";
import { Confirm, FormDialog } from "../ui/dialogs";
import { useNotice } from "../ui/notices";

const PayMutation = graphql(/* GraphQL */ `
  mutation RecordOrderPayment($input: RecordPaymentInput!) {
    recordPayment(input: $input) {
      payment { id }
      order { id paymentStatus paid { amount currency } due { amount currency } }
      userErrors { message path }
    }
  }
`);

const RefundMutation = graphql(/* GraphQL */ `
  mutation RefundOrder($account: ID!, $order: ID!) {
    refundOrder(input: { accountId: $account, order: { id: $order } }) {
      order { id status paymentStatus }
      userErrors { message path }
    }
  }
`);

const FailMutation = graphql(/* GraphQL */ `
  mutation FailOrder($account: ID!, $order: ID!) {
    failOrder(input: { accountId: $account, order: { id: $order } }) {
      order { id status paymentStatus }
      userErrors { message path }
    }
  }
`);

export default function SellerActions({ order }: { order: Order }) {
  const { t, money } = useI18n();
  const [pay] = useAct(PayMutation);
  const [refund] = useAct(RefundMutation);
  const [fail] = useAct(FailMutation);
  const notice = useNotice();
  const ids = { account: order.account.id, order: order.id };
  const isOpen = order.status === "PLACED" || order.status === "FULFILLED";
  return (
    <div className="actions">
      {Number(order.due.amount) > 0 && (
        <FormDialog
          action={t("pay.action")}
          title={t("pay.title", { number: order.number })}
          fields={[
            { name: "amount", label: t("pay.amount", { currency: order.currency }), type: "decimal", initial: order.due.amount },
            { name: "reference", label: t("pay.reference"), hint: t("pay.referenceHint") },
          ]}
          onSubmit={async ({ amount, reference }) => {
            const input = {
              accountId: ids.account, reference: reference!, order: { id: ids.order },
              amount: { amount: amount!, currency: order.currency },
            };
            const { data, refusals } = await pay({ input });
            if (data) notice(t("pay.done", { amount: money({ amount: amount!, currency: order.currency }) }));
            return refusals;
          }}
        />
      )}
      {order.paymentStatus === "PAID" && (
        <Confirm
          danger
          action={t("refund.action")}
          question={t("refund.question", { number: order.number })}
          about={t("refund.about", { paid: money(order.paid) })}
          onConfirm={async () => (await refund(ids)).refusals}
        />
      )}
      {isOpen && (
        <Confirm
          danger
          action={t("fail.action")}
          question={t("fail.question", { number: order.number })}
          about={t("fail.about")}
          onConfirm={async () => (await fail(ids)).refusals}
        />
      )}
    </div>
  );
}
