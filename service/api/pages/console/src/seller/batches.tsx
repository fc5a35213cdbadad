// Credit batches: the list, receiving one with its serial numbers, and withdrawing one from sale.
import { useState } from "react";
import { graphql } from "../api";
import { useI18n } from "../i18n";
import { useAct } from "../ui/act";
import { Confirm, FormDialog } from "../ui/dialogs";
import { List } from "../ui/list";
import { Badge, Empty, Page } from "../ui/page";
import { Receive } from "./receive_batch";

const BatchesQuery = graphql(/* GraphQL */ `
  query Batches($first: Int, $last: Int, $after: String, $before: String, $filter: CreditBatchFilterInput) {
    creditBatches(first: $first, last: $last, after: $after, before: $before, filter: $filter) {
      totalCount
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      nodes {
        id reference vintage periodStart periodEnd labels article6Authorisation mode serialRange registryReference withdrawnAt withdrawalReason
        issued { tonnes } available { tonnes } retired { tonnes } project { id name }
      }
    }
  }
`);
const WithdrawMutation = graphql(/* GraphQL */ `
  mutation WithdrawBatch($id: ID!, $reason: String!) {
    withdrawCreditBatch(input: { creditBatchId: $id, reason: $reason }) { creditBatch { id withdrawnAt } userErrors { message path } }
  }
`);
const ReinstateMutation = graphql(/* GraphQL */ `
  mutation ReinstateBatch($id: ID!) {
    reinstateCreditBatch(input: { creditBatchId: $id }) { creditBatch { id withdrawnAt } userErrors { message path } }
  }
`);

export default function Batches() {
  const { t, tonnes, date } = useI18n();
  const [receiving, setReceiving] = useState(false);
  const [withdraw] = useAct(WithdrawMutation);
  const [reinstate] = useAct(ReinstateMutation);
  return (
    <Page
      title={t("nav.batches")}
      actions={!receiving && <button type="button" className="primary" onClick={() => setReceiving(true)}>{t("batches.receive")}</button>}
    >
      {receiving && <Receive close={() => setReceiving(false)} />}
      <List
        document={BatchesQuery}
        caption={t("nav.batches")}
        connection={({ creditBatches }) => creditBatches}
        filters={[
          { name: "text", label: t("batches.search") },
          { name: "inStock", label: t("stock.inStock"), options: [["true", t("stock.yes")], ["false", t("stock.no")]] },
        ]}
        variables={({ text, inStock }) => ({
          filter: { ...(text && { textContains: text }), ...(inStock && { inStock: inStock === "true" }) },
        })}
        rowKey={({ id }) => id}
        empty={<Empty>{t("stock.empty")}</Empty>}
        columns={[
          { name: t("order.project"), cell: ({ project, mode }) => <>{project.name} {mode === "TEST" && <Badge tone="wait">{t("mode.TEST")}</Badge>}</> },
          {
            name: t("order.vintage"),
            cell: ({ vintage, periodStart, periodEnd }) => (
              <>{vintage}{periodEnd && <p className="quiet">{periodStart && <>{date(periodStart)} – </>}{date(periodEnd)}</p>}</>
            ),
          },
          {
            name: t("order.serials"),
            cell: ({ serialRange, registryReference, labels, article6Authorisation, reference }) => (
              <>
                <span className="serial" dir="ltr">{serialRange ?? registryReference}</span>
                {reference && <p className="quiet">{t("batches.named", { reference })}</p>}
                {labels.length > 0 && <p>{labels.map((label) => <span key={label}><Badge tone="plain">{label}</Badge> </span>)}</p>}
                {article6Authorisation && <p className="quiet">{t("batches.article6")}: {article6Authorisation}</p>}
              </>
            ),
          },
          { name: t("stock.available"), cell: ({ available }) => tonnes(available), numeric: true },
          { name: t("stock.issued"), cell: ({ issued }) => tonnes(issued), numeric: true },
          {
            name: t("list.actions"),
            cell: ({ id, withdrawnAt, withdrawalReason }) =>
              withdrawnAt ? (
                <>
                  <Badge tone="bad">{t("batches.withdrawn")}</Badge> {withdrawalReason}{" "}
                  <Confirm
                    action={t("batches.reinstate")}
                    question={t("batches.reinstateQuestion")}
                    about={withdrawalReason}
                    onConfirm={async () => (await reinstate({ id })).refusals}
                  />
                </>
              ) : (
                <FormDialog
                  action={t("batches.withdraw")}
                  title={t("batches.withdraw")}
                  about={<p className="quiet">{t("batches.withdrawAbout")}</p>}
                  fields={[{ name: "reason", label: t("invoice.reason") }]}
                  onSubmit={async ({ reason }) => (await withdraw({ id, reason: reason! })).refusals}
                />
              ),
          },
        ]}
      />
    </Page>
  );
}
