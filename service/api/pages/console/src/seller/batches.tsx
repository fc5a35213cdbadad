// Credit batches: the list, receiving one with its serial numbers, and withdrawing one from sale.
import { useState } from "react";
import { useQuery } from "urql";
import type { Mode, SerialForm } from "../../generated/graphql";
import { graphql } from "../api";
import { useI18n } from "../i18n";
import { pendingKey, useAct } from "../ui/act";
import { Confirm, FormDialog } from "../ui/dialogs";
import { Form, type Values } from "../ui/form";
import { List } from "../ui/list";
import { useNotice } from "../ui/notices";
import { Badge, Empty, Facts, Page, Section } from "../ui/page";
import { type ReadRange, readRange } from "./serial_range";

const BatchesQuery = graphql(/* GraphQL */ `
  query Batches($first: Int, $last: Int, $after: String, $before: String, $filter: CreditBatchFilterInput) {
    creditBatches(first: $first, last: $last, after: $after, before: $before, filter: $filter) {
      totalCount
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      nodes {
        id reference vintage mode serialRange registryReference withdrawnAt withdrawalReason
        issued { tonnes } available { tonnes } retired { tonnes } project { id name }
      }
    }
  }
`);
const ProjectChoicesQuery = graphql(/* GraphQL */ `
  query ProjectChoices { projects(first: 100) { nodes { id name registryName } } }
`);
const ReceiveMutation = graphql(/* GraphQL */ `
  mutation ReceiveBatch($input: ReceiveCreditBatchInput!) {
    receiveCreditBatch(input: $input) {
      creditBatch { id serialForm firstSerial lastSerial issued { tonnes } periodStart periodEnd }
      userErrors { message path }
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

const FORMS: SerialForm[] = [
  "VERRA", "GOLD_STANDARD", "CAR", "ACR", "ART", "BIOCARBON", "CERCARBONO", "PURO", "MARKIT", "ERS", "KYOTO", "NATIONAL", "PLAIN", "NONE",
];

export default function Batches() {
  const { t, tonnes } = useI18n();
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
          { name: t("order.vintage"), cell: ({ vintage }) => vintage },
          { name: t("order.serials"), cell: ({ serialRange, registryReference }) => <span className="serial" dir="ltr">{serialRange ?? registryReference}</span> },
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

function Receive({ close }: { close: () => void }) {
  const { t, number } = useI18n();
  const [{ data }] = useQuery({ query: ProjectChoicesQuery });
  const [receive] = useAct(ReceiveMutation);
  const [range, setRange] = useState<ReadRange | null>(null);
  const notice = useNotice();
  if (!data) return null;
  const send = async ({ projectId, serialRange, serialForm, registryReference, vintage, tonnes, mode }: Values) => {
    const { key, answered } = pendingKey("batch");
    const { data: done, refusals } = await receive(
      {
        input: {
          reference: key,
          projectId: projectId!,
          mode: mode as Mode,
          vintage: Number(vintage),
          mass: { amount: tonnes || String(range?.count ?? ""), unit: "TONNE" },
          ...(serialRange && { serialRange }),
          ...(serialForm && { serialForm: serialForm as SerialForm }),
          ...(registryReference && { registryReference }),
        },
      },
      { answered },
    );
    const batch = done?.receiveCreditBatch?.creditBatch;
    if (!batch) return refusals;
    notice(t("batches.received", { mass: number(batch.issued.tonnes), first: batch.firstSerial, last: batch.lastSerial ?? "" }));
    close();
  };
  return (
    <Section title={t("batches.receive")} actions={<button type="button" onClick={close}>{t("action.close")}</button>}>
      <div className="columns">
        <Form
          fields={[
            {
              name: "projectId", label: t("order.project"), type: "select",
              options: (data.projects?.nodes ?? []).map(({ id, name, registryName }) => [id, `${name} (${registryName})`]),
            },
            { name: "serialRange", label: t("batches.range"), type: "textarea", optional: true, hint: t("batches.rangeHint") },
            { name: "serialForm", label: t("batches.form"), type: "select", optional: true, hint: t("batches.formHint"), options: FORMS.map((each) => [each, t(`serialForm.${each}`)]) },
            { name: "registryReference", label: t("batches.registryReference"), optional: true, hint: t("batches.registryReferenceHint") },
            { name: "vintage", label: t("order.vintage"), type: "number" },
            { name: "tonnes", label: t("batches.tonnes"), type: "decimal", optional: true, hint: t("batches.tonnesHint"), path: "mass" },
            { name: "mode", label: t("customers.mode"), type: "select", options: [["LIVE", t("mode.LIVE")], ["TEST", t("mode.TEST")]] },
          ]}
          submit={t("batches.receive")}
          onChange={({ serialRange }) => setRange(readRange(serialRange ?? ""))}
          onSubmit={send}
        />
        <div aria-live="polite">
          <h3>{t("batches.read")}</h3>
          {range ? (
            <Facts
              of={[
                [t("batches.first"), <span key="first" className="serial" dir="ltr">{range.first}</span>],
                [t("batches.last"), <span key="last" className="serial" dir="ltr">{range.last}</span>],
                [t("batches.count"), number(String(range.count))],
              ]}
            />
          ) : (
            <p className="quiet">{t("batches.notRead")}</p>
          )}
        </div>
      </div>
    </Section>
  );
}
