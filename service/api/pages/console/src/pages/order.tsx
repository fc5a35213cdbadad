// One order: its progress, what it bought, its documents, and how to cancel it.
import { lazy, type ReactNode, Suspense } from "react";
import { Link, useParams } from "wouter";
import type { OrderQuery as OrderData } from "../../generated/graphql";
import { graphql, here } from "../api";
import { type MessageKey, useI18n } from "../i18n";
import { Lacking, useMay, useSession } from "../session";
import { useAct } from "../ui/act";
import { Shares } from "../ui/chart";
import { Confirm } from "../ui/dialogs";
import { RevokeLinks } from "../ui/document_links";
import { Table } from "../ui/list";
import { useLiveQuery } from "../ui/live";
import { useNotice } from "../ui/notices";
import { Badge, Empty, Facts, Loaded, Page, Section } from "../ui/page";
import { InvoiceState, PaymentState, Status } from "../ui/status";

const OrderQuery = graphql(/* GraphQL */ `
  query Order($id: ID!, $catalogue: Boolean!) {
    node(id: $id) {
      __typename
      ... on Order {
        id number status paymentStatus kind createdAt completedAt cancelledAt customer description metadata receiptUrl confirmationUrl receiptPdfUrl
        currency retirementRefusal
        mass { tonnes } fulfilledMass { tonnes } retiredMass { tonnes }
        netCost { amount currency } commission { amount currency } totalCost { amount currency }
        paid { amount currency } due { amount currency }
        account { id name mode }
        beneficiary { recipient { name } retirement { name } }
        lines {
          bundle @include(if: $catalogue) { id name } mass { grams tonnes } fulfilledMass { tonnes }
          unitPrice { amount currency } netCost { amount currency }
        }
        retirements @include(if: $catalogue) { mass { tonnes } retiredAt batch { id } }
        entries @include(if: $catalogue) {
          kind mass { tonnes } recordedAt
          batch { id vintage serialRange firstSerial lastSerial registryReference project { name registryName country } }
        }
        invoice { id number status }
        estimate { id name activity }
        certificate { id number url pdfUrl issuedAt retirementCertificate { number pdfUrl } }
        timeline { sequence type occurredAt actor amount { amount currency } }
      }
    }
  }
`);

const CancelMutation = graphql(/* GraphQL */ `
  mutation CancelOrder($id: ID!) {
    cancelOrder(input: { order: { id: $id } }) {
      order { id status paymentStatus cancelledAt due { amount currency } }
      userErrors { message path }
    }
  }
`);

export type Order = Extract<NonNullable<OrderData["node"]>, { __typename: "Order" }>;
const SellerActions = lazy(() => import("../seller/order_actions"));
const OrderActions = lazy(() => import("./order_actions"));
const STEPS = ["PLACED", "FULFILLED", "RETIRING", "COMPLETE"] as const;
const REFRESH_MS = 5_000;

export default function OrderPage() {
  const { id } = useParams<{ id: string }>();
  const { t } = useI18n();
  const catalogue = useMay("CATALOGUE_READ", "OPERATOR");
  const [result] = useLiveQuery({ query: OrderQuery, variables: { id, catalogue } }, REFRESH_MS);
  return (
    <Loaded of={result} lines={12}>
      {({ node }) =>
        node?.__typename === "Order" ? (
          <Shown order={node} />
        ) : (
          <Page title={t("order.title", { number: "" })}>
            <Empty href="/orders" action={t("nav.orders")}>{t("order.unknown")}</Empty>
          </Page>
        )
      }
    </Loaded>
  );
}

function Shown({ order }: { order: Order }) {
  const { t, tonnes, money, date, dateTime, percent } = useI18n();
  const { isSeller } = useSession();
  const mayChange = useMay("ORDERS_WRITE", "OPERATOR");
  const isOpen = order.status === "PLACED" || order.status === "FULFILLED";
  const whole = order.lines.reduce((sum, { mass }) => sum + Number(mass.grams), 0) || 1;
  return (
    <Page
      title={t("order.title", { number: order.number })}
      about={<><Status of={order.status} /> <PaymentState of={order} /> {t("order.placedAt", { time: dateTime(order.createdAt) })}</>}
      actions={mayChange && <><Suspense><OrderActions order={order} /></Suspense>{isOpen && <Cancel order={order} />}</>}
    >
      <Progress order={order} />
      {isSeller && <Suspense><SellerActions order={order} /></Suspense>}
      {order.retirementRefusal && <p className="problem">{t(`refusal.${order.retirementRefusal}`)}</p>}
      <div className="columns">
        <Section title={t("order.facts")}>
          <Facts
            of={[
              [t("order.mass"), tonnes(order.mass)],
              [t("order.fulfilled"), tonnes(order.fulfilledMass)],
              [t("order.retired"), tonnes(order.retiredMass)],
              [t("order.net"), money(order.netCost)],
              [t("order.commission"), Number(order.commission.amount) > 0 && money(order.commission)],
              [t("order.total"), money(order.totalCost)],
              [t("order.paid"), money(order.paid)],
              [t("order.due"), money(order.due)],
              [t("order.account"), order.account.name],
              [t("order.customer"), order.customer],
              [t("order.beneficiary"), order.beneficiary?.recipient?.name],
              [t("order.retiredFor"), order.beneficiary?.retirement?.name],
              [t("order.note"), order.description],
              [t("order.estimate"), order.estimate && (order.estimate.name ?? t(`activity.${order.estimate.activity}`))],
              ...Object.entries(order.metadata).map(([name, value]): [string, ReactNode] => [name, String(value)]),
            ].map(([name, value]) => [name, value || null] as [string, ReactNode])}
          />
        </Section>
        <Section title={t("order.documents")} actions={<RevokeLinks id={order.id} accountId={isSeller ? order.account.id : undefined} />}>
          <ul className="links">
            {order.certificate && (
              <>
                <li><a href={here(order.certificate.url)}>{t("order.certificate", { number: order.certificate.number })}</a></li>
                <li><a href={here(order.certificate.pdfUrl)}>{t("order.certificatePdf")}</a></li>
                {order.certificate.retirementCertificate && (
                  <li><a href={here(order.certificate.retirementCertificate.pdfUrl)}>{t("order.retirementCertificate")}</a></li>
                )}
              </>
            )}
            {order.invoice && (
              <li>
                <Link href={`/invoices/${order.invoice.id}`}>{t("order.invoice", { number: order.invoice.number })}</Link>{" "}
                <InvoiceState of={order.invoice.status} />
              </li>
            )}
            <li><a href={here(order.confirmationUrl)}>{t("order.confirmation")}</a></li>
            {order.receiptPdfUrl && <li><a href={here(order.receiptPdfUrl)}>{t("order.receiptPdf")}</a></li>}
            <li><a href={here(order.receiptUrl)}>{t("order.receipt")}</a></li>
          </ul>
          {!isSeller && isOpen && Number(order.due.amount) > 0 && (
            <p>{t(order.invoice ? "order.payInvoice" : "order.howToPay", { due: money(order.due) })}</p>
          )}
          {!order.certificate && isOpen && <p className="quiet">{t("order.noCertificate")}</p>}
        </Section>
      </div>
      <Section title={t("order.bundles")}>
        <Shares
          label={t("order.bundles")}
          of={order.lines.map(({ bundle, mass }) => {
            const share = (Number(mass.grams) / whole) * 100;
            return { name: bundle?.name ?? "–", percent: share, shown: percent(share.toFixed(1)) };
          })}
        />
        <Table
          caption={t("order.bundles")}
          rows={order.lines.map((line, position) => ({ ...line, position }))}
          rowKey={({ position }) => String(position)}
          columns={[
            { name: t("order.bundle"), cell: ({ bundle }) => bundle?.name },
            { name: t("order.mass"), cell: ({ mass }) => tonnes(mass), numeric: true },
            { name: t("order.fulfilled"), cell: ({ fulfilledMass }) => tonnes(fulfilledMass), numeric: true },
            { name: t("order.unitPrice"), cell: ({ unitPrice }) => money(unitPrice), numeric: true },
            { name: t("order.net"), cell: ({ netCost }) => money(netCost), numeric: true },
          ]}
        />
      </Section>
      <Section title={t("order.batches")}>
        {!order.entries ? (
          <Lacking scope="CATALOGUE_READ" />
        ) : order.entries.length === 0 ? (
          <Empty>{t("order.noBatches")}</Empty>
        ) : (
          <Table
            caption={t("order.batches")}
            rows={order.entries}
            rowKey={({ batch, kind, recordedAt }) => `${batch.id}${kind}${recordedAt}`}
            columns={[
              { name: t("order.project"), cell: ({ batch }) => batch.project.name },
              { name: t("order.vintage"), cell: ({ batch }) => batch.vintage },
              {
                name: t("order.serials"),
                cell: ({ batch }) => (
                  <span className="serial" dir="ltr">
                    {batch.serialRange ?? batch.registryReference ?? [batch.firstSerial, batch.lastSerial].filter(Boolean).join(" – ")}
                  </span>
                ),
              },
              { name: t("order.entry"), cell: ({ kind }) => <Badge tone={kind === "GIVEN" ? "plain" : "bad"}>{t(`entry.${kind}`)}</Badge> },
              { name: t("order.mass"), cell: ({ mass }) => tonnes(mass), numeric: true },
              {
                name: t("order.retiredOn"),
                cell: ({ batch }) => date(order.retirements?.find((each) => each.batch.id === batch.id)?.retiredAt),
              },
            ]}
          />
        )}
      </Section>
      <Section title={t("order.timeline")}>
        <ol className="timeline">
          {order.timeline.map(({ sequence, type, occurredAt, actor, amount }) => (
            <li key={sequence}>
              <b><EventName type={type} /></b> {amount && money(amount)}
              <p className="quiet"><time dateTime={occurredAt}>{dateTime(occurredAt)}</time> · <bdi>{actor}</bdi></p>
            </li>
          ))}
        </ol>
      </Section>
    </Page>
  );
}

const KNOWN_EVENTS = [
  "order.placed", "order.fulfilled", "order.short", "order.supplied", "order.billed", "order.invoiced", "order.paid",
  "order.retiring", "order.completed", "order.cancelled", "order.reduced", "order.refunded", "order.failed",
  "order.credited", "order.updated", "order.imported", "payment.recorded", "payment.refused",
] as const;

/** The name of an event; a later release of the API may send others, which are shown as they are. */
export function EventName({ type }: { type: string }) {
  const { t } = useI18n();
  const known = KNOWN_EVENTS.find((each) => each === type);
  return known ? t(`event.${known}` satisfies MessageKey) : <code>{type}</code>;
}

/** The steps of an order. It may be paid before it has its credits, so its payment is a step of its own. */
function Progress({ order }: { order: Order }) {
  const { t } = useI18n();
  const reached = STEPS.indexOf(order.status as (typeof STEPS)[number]);
  if (reached < 0) return null;
  const isPaid = order.paymentStatus === "PAID";
  const step = (key: string, label: string, isReached: boolean, isCurrent = false) => (
    <li key={key} className={isReached ? "reached" : undefined} aria-current={isCurrent ? "step" : undefined}>{label}</li>
  );
  return (
    <ol className="steps" aria-label={t("order.progress")}>
      {STEPS.flatMap((each, index) => [
        step(each, t(`status.${each}`), index <= reached, index === reached),
        ...(each === "FULFILLED" ? [step("payment", t(`payment.${order.paymentStatus}`), isPaid)] : []),
      ])}
    </ol>
  );
}

function Cancel({ order }: { order: Order }) {
  const { t, tonnes, money } = useI18n();
  const { isSeller } = useSession();
  const [cancel] = useAct(CancelMutation);
  const notice = useNotice();
  return (
    <Confirm
      danger
      action={t("order.cancel")}
      question={t("order.cancelQuestion", { number: order.number })}
      about={t("order.cancelAbout", { mass: tonnes(order.mass), paid: money(order.paid) })}
      onConfirm={async () => {
        const { refusals } = await cancel({ id: order.id }, isSeller ? { accountId: order.account.id } : {});
        if (refusals.length === 0) notice(t("order.cancelled", { number: order.number }));
        return refusals;
      }}
    />
  );
}
