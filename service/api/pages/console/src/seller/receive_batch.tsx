// Receiving a credit batch: its serial numbers are read by the service while they are typed, before anything is stored.
import { useEffect, useState } from "react";
import { useQuery } from "urql";
import type { Mode, SerialForm, SerialRangeQuery as RangeData } from "../../generated/graphql";
import { graphql, refusalsOf } from "../api";
import { useI18n } from "../i18n";
import { pendingKey, useAct } from "../ui/act";
import { Form, type Values } from "../ui/form";
import { useNotice } from "../ui/notices";
import { Facts, Problems, Section, Skeleton } from "../ui/page";

const ProjectChoicesQuery = graphql(/* GraphQL */ `
  query ProjectChoices { projects(first: 100) { nodes { id name registryName } } }
`);
const RangeQuery = graphql(/* GraphQL */ `
  query SerialRange($input: SerialRangeInput!) {
    serialRange(input: $input) {
      serialRange {
        serialForm firstSerial lastSerial mass { tonnes } vintage periodStart periodEnd refusal
        overlapping { id reference serialRange }
      }
      userErrors { message path }
    }
  }
`);
const ReceiveMutation = graphql(/* GraphQL */ `
  mutation ReceiveBatch($input: ReceiveCreditBatchInput!) {
    receiveCreditBatch(input: $input) {
      creditBatch { id serialForm firstSerial lastSerial issued { tonnes } periodStart periodEnd }
      userErrors { message path }
    }
  }
`);

const FORMS: SerialForm[] = [
  "VERRA", "GOLD_STANDARD", "CAR", "ACR", "ART", "BIOCARBON", "CERCARBONO", "PURO", "MARKIT", "ERS", "KYOTO", "NATIONAL", "PLAIN", "NONE",
];
const TYPING_MS = 400;

type Range = NonNullable<NonNullable<RangeData["serialRange"]>["serialRange"]>;

export function Receive({ close }: { close: () => void }) {
  const { t, number } = useI18n();
  const [{ data }] = useQuery({ query: ProjectChoicesQuery });
  const [receive] = useAct(ReceiveMutation);
  const [typed, setTyped] = useState<Values>({});
  const [range, setRange] = useState<Range | null>(null);
  const notice = useNotice();
  if (!data) return <Skeleton lines={6} />;
  const projects = data.projects?.nodes ?? [];
  const send = async (values: Values) => {
    const { projectId, serialRange, serialForm, registryReference, vintage, tonnes, mode, reference } = values;
    const { key, answered } = pendingKey("batch");
    const labels = (values.labels ?? "").split(",").map((label) => label.trim()).filter(Boolean);
    const { data: done, refusals } = await receive(
      {
        input: {
          reference: reference || key,
          projectId: projectId!,
          mode: mode as Mode,
          vintage: Number(vintage || range?.vintage),
          mass: { amount: tonnes || range?.mass.tonnes || "", unit: "TONNE" },
          ...(serialRange && { serialRange }),
          ...(serialForm && { serialForm: serialForm as SerialForm }),
          ...(registryReference && { registryReference }),
          ...(values.periodStart && { periodStart: values.periodStart }),
          ...(values.periodEnd && { periodEnd: values.periodEnd }),
          ...(values.article6Authorisation && { article6Authorisation: values.article6Authorisation }),
          ...(labels.length > 0 && { labels }),
        },
      },
      { answered },
    );
    const batch = done?.receiveCreditBatch?.creditBatch;
    if (!batch) return refusals;
    notice(t("batches.received", { mass: number(batch.issued.tonnes), first: batch.firstSerial ?? "", last: batch.lastSerial ?? "" }));
    close();
  };
  return (
    <Section title={t("batches.receive")} actions={<button type="button" onClick={close}>{t("action.close")}</button>}>
      <div className="columns">
        <Form
          fields={[
            {
              name: "projectId", label: t("order.project"), type: "select",
              hint: t("batches.projectHint"),
              options: projects.map(({ id, name, registryName }) => [id, `${name} (${registryName})`]),
            },
            { name: "serialRange", label: t("batches.range"), type: "textarea", optional: true, hint: t("batches.rangeHint") },
            { name: "serialForm", label: t("batches.form"), type: "select", optional: true, hint: t("batches.formHint"), options: FORMS.map((each) => [each, t(`serialForm.${each}`)]) },
            { name: "registryReference", label: t("batches.registryReference"), optional: true, hint: t("batches.registryReferenceHint") },
            { name: "vintage", label: t("order.vintage"), type: "number", optional: range?.vintage != null, hint: t("batches.vintageHint") },
            { name: "tonnes", label: t("batches.tonnes"), type: "decimal", optional: true, hint: t("batches.tonnesHint"), path: "mass" },
            { name: "mode", label: t("customers.mode"), type: "select", options: [["LIVE", t("mode.LIVE")], ["TEST", t("mode.TEST")]] },
            { name: "reference", label: t("batches.reference"), optional: true, hint: t("batches.referenceHint") },
            { name: "periodStart", label: t("batches.periodStart"), type: "date", optional: true, hint: t("batches.periodHint") },
            { name: "periodEnd", label: t("batches.periodEnd"), type: "date", optional: true },
            { name: "labels", label: t("batches.labels"), optional: true, hint: t("batches.labelsHint") },
            { name: "article6Authorisation", label: t("batches.article6"), optional: true, hint: t("batches.article6Hint") },
          ]}
          submit={t("batches.receive")}
          onChange={setTyped}
          onSubmit={send}
        />
        <Reading projectId={typed.projectId || projects[0]?.id} values={typed} onRead={setRange} />
      </div>
    </Section>
  );
}

/** The range as the service reads it, asked for once the reader pauses. */
function Reading({ projectId, values, onRead }: { projectId?: string; values: Values; onRead: (range: Range | null) => void }) {
  const { t, tonnes, date } = useI18n();
  const asked = JSON.stringify({
    projectId, serialRange: values.serialRange?.trim(), mode: values.mode || "LIVE", ...(values.serialForm && { serialForm: values.serialForm }),
  });
  const [settled, setSettled] = useState(asked);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(asked), TYPING_MS);
    return () => clearTimeout(timer);
  }, [asked]);
  const input = JSON.parse(settled) as { projectId: string; serialRange: string; mode: Mode; serialForm?: SerialForm };
  const pause = !input.serialRange || !input.projectId;
  const [{ data, error }] = useQuery({ query: RangeQuery, variables: { input }, pause, requestPolicy: "network-only" });
  const range = (!pause && data?.serialRange?.serialRange) || null;
  useEffect(() => onRead(range), [range, onRead]);
  const problems = error
    ? refusalsOf(error, t("form.unreadable")).map(({ message }) => message)
    : [
        ...(data?.serialRange?.userErrors.map(({ message }) => message) ?? []),
        ...(range?.refusal ? [t(`receipt.${range.refusal}`)] : []),
        ...(range?.overlapping
          ? [t("batches.overlapping", { batch: range.overlapping.serialRange ?? range.overlapping.reference ?? "" })]
          : []),
      ];
  return (
    <div aria-live="polite" aria-busy={settled !== asked}>
      <h3>{t("batches.read")}</h3>
      {pause ? <p className="quiet">{t("batches.notRead")}</p> : <Problems messages={problems} />}
      {range && (
        <Facts
          of={[
            [t("batches.first"), <span key="first" className="serial" dir="ltr">{range.firstSerial}</span>],
            [t("batches.last"), <span key="last" className="serial" dir="ltr">{range.lastSerial}</span>],
            [t("order.mass"), tonnes(range.mass)],
            [t("order.vintage"), range.vintage],
            [t("batches.periodStart"), range.periodStart && date(range.periodStart)],
            [t("batches.periodEnd"), range.periodEnd && date(range.periodEnd)],
            [t("batches.form"), t(`serialForm.${range.serialForm}`)],
          ]}
        />
      )}
    </div>
  );
}
