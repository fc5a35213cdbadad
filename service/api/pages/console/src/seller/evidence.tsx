// Retirements for which no entry of a registry is recorded, and how to record one.
import { Link } from "wouter";
import { graphql } from "../api";
import { useI18n } from "../i18n";
import { pendingKey, useAct } from "../ui/act";
import { FormDialog } from "../ui/dialogs";
import { List } from "../ui/list";
import { useNotice } from "../ui/notices";
import { Empty, Page } from "../ui/page";

const EvidenceQuery = graphql(/* GraphQL */ `
  query Evidence($first: Int, $last: Int, $after: String, $before: String) {
    retirementsWithoutEvidence(first: $first, last: $last, after: $after, before: $before) {
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      nodes {
        serials missingMass { tonnes }
        order { id number account { id name } }
        retirement { retiredAt mass { tonnes } start { grams } batch { id vintage project { name registryName } } }
      }
    }
  }
`);
const RecordMutation = graphql(/* GraphQL */ `
  mutation RecordEvidence($input: RecordRegistryRetirementInput!) {
    recordRegistryRetirement(input: $input) { registryRetirement { reference mass { tonnes } } userErrors { message path } }
  }
`);

export default function Evidence() {
  const { t, tonnes, date } = useI18n();
  const [record] = useAct(RecordMutation);
  const notice = useNotice();
  return (
    <Page title={t("nav.evidence")} about={t("evidence.about")}>
      <List
        document={EvidenceQuery}
        caption={t("nav.evidence")}
        connection={({ retirementsWithoutEvidence }) => retirementsWithoutEvidence}
        rowKey={({ retirement }) => retirement.batch.id + retirement.start.grams}
        empty={<Empty>{t("evidence.empty")}</Empty>}
        columns={[
          { name: t("order.project"), cell: ({ retirement: { batch } }) => <>{batch.project.name} ({batch.project.registryName}), {batch.vintage}</> },
          { name: t("batches.range"), cell: ({ serials }) => serials.map((each) => <p key={each} className="serial" dir="ltr">{each}</p>) },
          { name: t("nav.orders"), cell: ({ order }) => order && <Link href={`/orders/${order.id}`}>{order.number}</Link> },
          { name: t("order.account"), cell: ({ order }) => order?.account.name },
          { name: t("order.retiredOn"), cell: ({ retirement }) => date(retirement.retiredAt) },
          { name: t("evidence.missing"), cell: ({ missingMass }) => tonnes(missingMass), numeric: true },
          {
            name: t("list.actions"),
            cell: ({ serials, retirement, order }) => (
              <FormDialog
                action={t("evidence.record")}
                title={t("evidence.record")}
                about={<p className="quiet">{t("evidence.recordAbout")}</p>}
                fields={[
                  { name: "serialRange", label: t("evidence.serials"), type: "textarea", optional: true, hint: t("evidence.serialsHint"), initial: serials[0] },
                  { name: "retiredOn", label: t("evidence.retiredOn"), type: "date", initial: retirement.retiredAt.slice(0, 10) },
                  { name: "retirementId", label: t("evidence.retirementId"), optional: true },
                  { name: "url", label: t("evidence.url"), type: "url", optional: true },
                ]}
                onSubmit={async ({ serialRange, retiredOn, retirementId, url }) => {
                  const { key, answered } = pendingKey(`evidence.${retirement.batch.id}`);
                  const { data, refusals } = await record(
                    {
                      input: {
                        reference: key, creditBatchId: retirement.batch.id, retiredOn: retiredOn!,
                        // An entry without serial numbers has to name the order; one with them is for every order.
                        ...(serialRange ? { serialRange } : order && { accountId: order.account.id, order: { id: order.id } }),
                        retirementId: retirementId || null, url: url || null,
                      },
                    },
                    { answered },
                  );
                  if (!data) return refusals;
                  notice(t("evidence.recorded"));
                }}
              />
            ),
          },
        ]}
      />
    </Page>
  );
}
