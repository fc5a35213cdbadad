// What a customer does with an order beside cancelling it: change its texts, and move a test order to an outcome.
import type { SimulationOutcome } from "../../generated/graphql";
import { graphql } from "../api";
import { useI18n } from "../i18n";
import { useSession } from "../session";
import { useAct } from "../ui/act";
import { FormDialog } from "../ui/dialogs";
import { useNotice } from "../ui/notices";
import type { Order } from "./order";

const UpdateMutation = graphql(/* GraphQL */ `
  mutation UpdateOrder($input: UpdateOrderInput!) {
    updateOrder(input: $input) { order { id customer description metadata } userErrors { message path } }
  }
`);
const SimulateMutation = graphql(/* GraphQL */ `
  mutation SimulateOrder($input: SimulateOrderInput!) {
    simulateOrder(input: $input) { order { id status paymentStatus } userErrors { message path } }
  }
`);

const OUTCOMES: SimulationOutcome[] = ["PAY", "REFUSE_PAYMENT", "RUN_SHORT", "FULFIL", "RETIRE", "COMPLETE", "FAIL", "REFUND"];

/** The pairs of a text with one `name: value` a line. A line without a colon is a name with an empty value. */
function metadataOf(text: string): Record<string, string> {
  const lines = text.split("\n").filter((line) => line.trim());
  return Object.fromEntries(lines.map((line) => {
    const [name = "", ...value] = line.split(":");
    return [name.trim(), value.join(":").trim()];
  }));
}

export default function OrderActions({ order }: { order: Order }) {
  const { t } = useI18n();
  const { isSeller } = useSession();
  const [update] = useAct(UpdateMutation);
  const [simulate] = useAct(SimulateMutation);
  const notice = useNotice();
  const acting = isSeller ? { accountId: order.account.id } : {};
  return (
    <>
      <FormDialog
        action={t("order.change")}
        title={t("order.change")}
        about={<p className="quiet">{t("order.changeAbout")}</p>}
        fields={[
          { name: "customer", label: t("order.customer"), optional: true, initial: order.customer ?? "", hint: t("quote.customerHint") },
          { name: "description", label: t("order.note"), type: "textarea", optional: true, initial: order.description ?? "" },
          {
            name: "metadata", label: t("order.metadata"), type: "textarea", optional: true, hint: t("order.metadataHint"),
            initial: Object.entries(order.metadata).map(([name, value]) => `${name}: ${String(value)}`).join("\n"),
          },
        ]}
        submit={t("action.save")}
        onSubmit={async ({ customer, description, metadata }) => {
          const input = {
            order: { id: order.id }, customer: customer || null, description: description || null,
            metadata: metadata?.trim() ? metadataOf(metadata) : null,
          };
          const { data, refusals } = await update({ input }, acting);
          if (data) notice(t("order.changed"));
          return refusals;
        }}
      />
      {order.account.mode === "TEST" && (
        <FormDialog
          action={t("simulate.action")}
          title={t("simulate.action")}
          about={<p className="quiet">{t("simulate.about")}</p>}
          fields={[{ name: "outcome", label: t("simulate.outcome"), type: "select", options: OUTCOMES.map((each) => [each, t(`outcome.${each}`)]) }]}
          onSubmit={async ({ outcome }) => {
            const input = { order: { id: order.id }, outcome: outcome as SimulationOutcome };
            return (await simulate({ input }, acting)).refusals;
          }}
        />
      )}
    </>
  );
}
