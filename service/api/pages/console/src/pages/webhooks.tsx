// Webhook endpoints of the account, and the log of what was sent to them.
import { useState } from "react";
import { graphql } from "../api";
import { useI18n } from "../i18n";
import { useAct } from "../ui/act";
import { Confirm, FormDialog, ShownOnce } from "../ui/dialogs";
import { List, Table } from "../ui/list";
import { useLiveQuery } from "../ui/live";
import { useNotice } from "../ui/notices";
import { Badge, Empty, Loaded, Page, Section } from "../ui/page";
import { EventName } from "./order";

const EndpointsQuery = graphql(/* GraphQL */ `
  query WebhookEndpoints {
    webhookEndpoints { id url format eventTypes enabled disabledReason consecutiveFailures createdAt }
  }
`);
const DeliveriesQuery = graphql(/* GraphQL */ `
  query Deliveries($first: Int, $last: Int, $after: String, $before: String, $status: WebhookDeliveryStatus) {
    webhookDeliveries(first: $first, last: $last, after: $after, before: $before, status: $status) {
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      nodes { id eventType sequence status attemptCount nextAttemptAt createdAt attempts { attemptedAt status latencyMilliseconds error excerpt } }
    }
  }
`);
const CreateMutation = graphql(/* GraphQL */ `
  mutation CreateEndpoint($input: CreateWebhookEndpointInput!) {
    createWebhookEndpoint(input: $input) { secret webhookEndpoint { id url } userErrors { message path } }
  }
`);
const SwitchMutation = graphql(/* GraphQL */ `
  mutation SwitchEndpoint($id: ID!, $enabled: Boolean!) {
    updateWebhookEndpoint(input: { id: $id, enabled: $enabled }) { webhookEndpoint { id enabled } userErrors { message path } }
  }
`);
const DeleteMutation = graphql(/* GraphQL */ `
  mutation DeleteEndpoint($id: ID!) {
    deleteWebhookEndpoint(input: { id: $id }) { webhookEndpoint { id } userErrors { message path } }
  }
`);
const RotateMutation = graphql(/* GraphQL */ `
  mutation RotateSecret($id: ID!) {
    rotateWebhookSecret(input: { id: $id }) { secret webhookEndpoint { id previousSecretValidUntil } userErrors { message path } }
  }
`);
const TestMutation = graphql(/* GraphQL */ `
  mutation SendTest($id: ID!) {
    sendTestEvent(input: { id: $id }) { webhookDelivery { id status } userErrors { message path } }
  }
`);
const ReplayMutation = graphql(/* GraphQL */ `
  mutation Replay($id: ID!) {
    replayDelivery(input: { id: $id }) { webhookDelivery { id status } userErrors { message path } }
  }
`);

const STATES = ["PENDING", "DELIVERED", "FAILED"] as const;
const TONES = { PENDING: "wait", DELIVERED: "good", FAILED: "bad" } as const;

export default function Webhooks() {
  const { t } = useI18n();
  const [secret, setSecret] = useState<string | null>(null);
  const [create] = useAct(CreateMutation);
  return (
    <Page
      title={t("nav.webhooks")}
      about={t("webhooks.about")}
      actions={
        <FormDialog
          primary
          action={t("webhooks.create")}
          title={t("webhooks.create")}
          fields={[
            { name: "url", label: t("webhooks.url"), type: "url", hint: t("webhooks.urlHint") },
            { name: "eventTypes", label: t("webhooks.types"), optional: true, hint: t("webhooks.typesHint") },
          ]}
          onSubmit={async ({ url, eventTypes }) => {
            const types = eventTypes!.split(/[\s,]+/).filter(Boolean);
            const { data, refusals } = await create({ input: { url: url!, eventTypes: types.length ? types : null } });
            setSecret(data?.createWebhookEndpoint?.secret ?? null);
            return refusals;
          }}
        />
      }
    >
      {secret && <ShownOnce title={t("webhooks.secret")} about={t("webhooks.secretAbout")} text={secret} onClose={() => setSecret(null)} />}
      <Endpoints showSecret={setSecret} />
      <Deliveries />
    </Page>
  );
}

function Endpoints({ showSecret }: { showSecret: (secret: string | null) => void }) {
  const { t, number } = useI18n();
  const [result] = useLiveQuery({ query: EndpointsQuery });
  const [change] = useAct(SwitchMutation);
  const [remove] = useAct(DeleteMutation);
  const [rotate] = useAct(RotateMutation);
  const [test] = useAct(TestMutation);
  const notice = useNotice();
  return (
    <Section title={t("webhooks.endpoints")}>
      <Loaded of={result}>
        {({ webhookEndpoints: endpoints }) =>
          !endpoints?.length ? (
            <Empty>{t("webhooks.empty")}</Empty>
          ) : (
            <Table
              caption={t("webhooks.endpoints")}
              rows={endpoints}
              rowKey={({ id }) => id}
              columns={[
                { name: t("webhooks.url"), cell: ({ url }) => <span className="serial" dir="ltr">{url}</span> },
                { name: t("webhooks.types"), cell: ({ eventTypes }) => eventTypes.join(", ") || t("list.all") },
                {
                  name: t("order.status"),
                  cell: ({ enabled, consecutiveFailures }) => (
                    <>
                      <Badge tone={enabled ? "good" : "bad"}>{t(enabled ? "webhooks.on" : "webhooks.off")}</Badge>{" "}
                      {consecutiveFailures > 0 && t("webhooks.failures", { n: number(consecutiveFailures) })}
                    </>
                  ),
                },
                {
                  name: t("list.actions"),
                  cell: ({ id, url, enabled }) => (
                    <div className="actions">
                      <button
                        type="button"
                        onClick={async () => {
                          const { refusals } = await test({ id });
                          notice(refusals[0]?.message ?? t("webhooks.tested"));
                        }}
                      >
                        {t("webhooks.test")}
                      </button>
                      <button type="button" onClick={() => void change({ id, enabled: !enabled })}>{t(enabled ? "webhooks.disable" : "webhooks.enable")}</button>
                      <Confirm
                        danger
                        action={t("webhooks.rotate")}
                        question={t("webhooks.rotateQuestion")}
                        about={t("webhooks.rotateAbout")}
                        onConfirm={async () => {
                          const { data, refusals } = await rotate({ id });
                          showSecret(data?.rotateWebhookSecret?.secret ?? null);
                          return refusals;
                        }}
                      />
                      <Confirm
                        danger
                        action={t("webhooks.delete")}
                        question={t("webhooks.deleteQuestion")}
                        about={url}
                        onConfirm={async () => (await remove({ id })).refusals}
                      />
                    </div>
                  ),
                },
              ]}
            />
          )
        }
      </Loaded>
    </Section>
  );
}

function Deliveries() {
  const { t, number, dateTime } = useI18n();
  const [replay] = useAct(ReplayMutation);
  return (
    <Section title={t("webhooks.log")}>
      <List
        document={DeliveriesQuery}
        caption={t("webhooks.log")}
        connection={({ webhookDeliveries }) => webhookDeliveries}
        filters={[{ name: "status", label: t("order.status"), options: STATES.map((each) => [each, t(`delivery.${each}`)]) }]}
        variables={({ status }) => ({ status: (status as (typeof STATES)[number]) || null })}
        rowKey={({ id }) => id}
        empty={<Empty>{t("webhooks.noDeliveries")}</Empty>}
        columns={[
          { name: t("webhooks.event"), cell: ({ eventType }) => <EventName type={eventType} /> },
          { name: t("webhooks.time"), cell: ({ createdAt }) => dateTime(createdAt) },
          { name: t("order.status"), cell: ({ status }) => <Badge tone={TONES[status]}>{t(`delivery.${status}`)}</Badge> },
          {
            name: t("webhooks.attempts"),
            cell: ({ attemptCount, attempts }) =>
              attempts.length === 0 ? number(attemptCount) : (
                <details>
                  <summary>{number(attemptCount)}</summary>
                  {attempts.map((each) => (
                    <p key={each.attemptedAt}>
                      {dateTime(each.attemptedAt)}: {each.status ?? each.error} · {number(each.latencyMilliseconds)} ms{" "}
                      {each.excerpt && <code dir="ltr">{each.excerpt}</code>}
                    </p>
                  ))}
                </details>
              ),
          },
          { name: t("list.actions"), cell: ({ id, status }) => status !== "PENDING" && <button type="button" onClick={() => void replay({ id })}>{t("webhooks.replay")}</button> },
        ]}
      />
    </Section>
  );
}
