// Overview of a customer: what was bought, what is open, and what is owed.
import { Link } from "wouter";
import { graphql } from "../api";
import { useI18n } from "../i18n";
import { useMay } from "../session";
import { BarChart, Shares } from "../ui/chart";
import { Table } from "../ui/list";
import { useLiveQuery } from "../ui/live";
import { Empty, Figure, Loaded, Page, Section } from "../ui/page";
import { PaymentState, Status } from "../ui/status";

const OverviewQuery = graphql(/* GraphQL */ `
  query Overview {
    account {
      id currency balances { amount currency } owed { amount currency } creditLimit { amount currency }
    }
    open: orders(first: 5, filter: { status: [PLACED, FULFILLED, RETIRING] }) {
      totalCount
      nodes { id number status paymentStatus createdAt mass { tonnes } totalCost { amount currency } }
    }
    byStatus: orderStats(groupBy: STATUS) { groups { key count mass { tonnes } } }
    byMonth: orderStats(groupBy: MONTH, filter: { status: [PLACED, FULFILLED, RETIRING, COMPLETE] }) {
      groups { key count mass { tonnes } totalCosts { amount currency } }
    }
    byProject: orderStats(groupBy: PROJECT, filter: { status: [PLACED, FULFILLED, RETIRING, COMPLETE] }) {
      groups { project { id name } mass { grams tonnes } }
    }
  }
`);

const MONTHS = 12;
const REFRESH_MS = 60_000;

export default function Overview() {
  const { t, tonnes, money, month, number, percent, date } = useI18n();
  const mayBuy = useMay("ORDERS_WRITE");
  const [result] = useLiveQuery({ query: OverviewQuery }, REFRESH_MS);
  return (
    <Page
      title={t("nav.overview")}
      actions={mayBuy && <Link href="/buy" className="button primary">{t("nav.buy")}</Link>}
    >
      <Loaded of={result} lines={10}>
        {({ account, open, byStatus, byMonth, byProject }) => {
          const complete = byStatus?.groups.find(({ key }) => key === "COMPLETE");
          const months = [...(byMonth?.groups ?? [])].sort((a, b) => (a.key! < b.key! ? -1 : 1)).slice(-MONTHS);
          const costs = months.map(({ key, totalCosts }) => ({
            key: key!,
            cost: totalCosts?.find(({ currency }) => currency === account?.currency),
          }));
          const projects = byProject?.groups.filter(({ project }) => project) ?? [];
          const whole = projects.reduce((sum, { mass }) => sum + Number(mass.grams), 0);
          if (months.length === 0) return <Empty href="/buy" action={t("nav.buy")}>{t("overview.empty")}</Empty>;
          return (
            <>
              <div className="figures">
                <Figure
                  name={t("overview.retired")}
                  value={complete ? tonnes(complete.mass) : tonnes({ tonnes: "0" })}
                  about={t("overview.completed", { n: number(complete?.count ?? 0) })}
                />
                <Figure name={t("overview.open")} value={number(open?.totalCount ?? 0)} />
                <Figure
                  name={t("overview.owed")}
                  value={money(account?.owed)}
                  about={account?.creditLimit && t("overview.limit", { limit: money(account.creditLimit) })}
                />
                <Figure
                  name={t("overview.balance")}
                  value={account?.balances.map(money).join(" · ") || money(account && { amount: "0", currency: account.currency })}
                />
              </div>
              <div className="columns">
                <Section title={t("overview.massByMonth")}>
                  <BarChart
                    title={t("overview.massAbout")}
                    unit={t("order.mass")}
                    bars={months.map(({ key, mass }) => ({ label: month(key!), value: mass.tonnes, shown: tonnes(mass) }))}
                  />
                </Section>
                <Section title={t("overview.costByMonth")}>
                  <BarChart
                    title={t("overview.costAbout", { currency: account?.currency ?? "" })}
                    unit={t("order.total")}
                    bars={costs.map(({ key, cost }) => ({
                      label: month(key), value: cost?.amount ?? "0", shown: money(cost),
                    }))}
                  />
                </Section>
              </div>
              {projects.length > 0 && (
                <Section title={t("overview.byProject")}>
                  <Shares
                    label={t("overview.byProject")}
                    of={projects.map(({ project, mass }) => ({
                      name: project?.name ?? "",
                      percent: (Number(mass.grams) / whole) * 100,
                      shown: `${tonnes(mass)} (${percent(((Number(mass.grams) / whole) * 100).toFixed(1))})`,
                    }))}
                  />
                </Section>
              )}
              <Section title={t("overview.openOrders")} actions={<Link href="/orders">{t("overview.allOrders")}</Link>}>
                {open?.nodes.length ? (
                  <Table
                    caption={t("overview.openOrders")}
                    rows={open.nodes}
                    rowKey={({ id }) => id}
                    href={({ id }) => `/orders/${id}`}
                    columns={[
                      { name: t("order.number"), cell: (order) => order.number },
                      { name: t("order.placed"), cell: (order) => date(order.createdAt) },
                      { name: t("order.status"), cell: (order) => <Status of={order.status} /> },
                      { name: t("order.payment"), cell: (order) => <PaymentState of={order} /> },
                      { name: t("order.mass"), cell: (order) => tonnes(order.mass), numeric: true },
                      { name: t("order.total"), cell: (order) => money(order.totalCost), numeric: true },
                    ]}
                  />
                ) : (
                  <Empty>{t("overview.noneOpen")}</Empty>
                )}
              </Section>
            </>
          );
        }}
      </Loaded>
    </Page>
  );
}
