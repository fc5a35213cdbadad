// Mails to the contacts of all customers, and what the mail server answered.
import { Link } from "wouter";
import type { MailStatus } from "../../generated/graphql";
import { graphql } from "../api";
import { useI18n } from "../i18n";
import { List } from "../ui/list";
import { Badge, Empty, Page } from "../ui/page";

const MailsQuery = graphql(/* GraphQL */ `
  query Mails($first: Int, $last: Int, $after: String, $before: String, $status: MailStatus) {
    allMails(first: $first, last: $last, after: $after, before: $before, status: $status) {
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      nodes { id accountId kind email status attemptCount error nextAttemptAt sentAt createdAt }
    }
  }
`);

const STATUSES: MailStatus[] = ["PENDING", "SENT", "FAILED", "CANCELLED"];
const TONES = { PENDING: "wait", SENT: "good", FAILED: "bad", CANCELLED: "plain" } as const;

export default function Mails() {
  const { t, number, dateTime } = useI18n();
  return (
    <Page title={t("nav.mails")} about={t("mails.about")}>
      <List
        document={MailsQuery}
        caption={t("nav.mails")}
        connection={({ allMails }) => allMails}
        filters={[{ name: "status", label: t("order.status"), options: STATUSES.map((each) => [each, t(`mail.${each}`)]) }]}
        variables={({ status }) => ({ status: (status as MailStatus) || null })}
        rowKey={({ id }) => id}
        empty={<Empty>{t("mails.empty")}</Empty>}
        columns={[
          { name: t("mails.to"), cell: ({ email }) => <bdi>{email}</bdi> },
          { name: t("mails.kind"), cell: ({ kind }) => t(`mailKind.${kind}`) },
          { name: t("mails.queued"), cell: ({ createdAt }) => dateTime(createdAt) },
          {
            name: t("order.status"),
            cell: ({ status, error, nextAttemptAt }) => (
              <>
                <Badge tone={TONES[status]}>{t(`mail.${status}`)}</Badge>
                {error && <p className="quiet" dir="auto">{error}</p>}
                {status === "PENDING" && nextAttemptAt && error && <p className="quiet">{t("mails.next", { time: dateTime(nextAttemptAt) })}</p>}
              </>
            ),
          },
          { name: t("webhooks.attempts"), cell: ({ attemptCount }) => number(attemptCount), numeric: true },
          { name: t("order.account"), cell: ({ accountId }) => <Link href={`/seller/customers/${accountId}`}>{t("mails.customer")}</Link> },
        ]}
      />
    </Page>
  );
}
