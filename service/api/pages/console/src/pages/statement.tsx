// Statement of a year: what was ordered and retired, by month and project, and the files to keep.
import { useState } from "react";
import { useQuery } from "urql";
import { useSearchParams } from "wouter";
import { download, graphql, here } from "../api";
import { useI18n } from "../i18n";
import { useSession } from "../session";
import { useCountryName } from "../ui/country";
import { FieldRow } from "../ui/form";
import { Table } from "../ui/list";
import { Empty, Figure, Loaded, Page, Problems, Section } from "../ui/page";

const StatementQuery = graphql(/* GraphQL */ `
  query Statement($year: Int!, $from: DateTime!, $to: DateTime!) {
    account { id name createdAt retirementStatement(year: $year) { pdfUrl csvUrl } }
    byStatus: orderStats(groupBy: STATUS, filter: { createdAt: { gte: $from, lt: $to } }) {
      groups { key count mass { tonnes } totalCosts { amount currency } }
    }
    byMonth: orderStats(groupBy: MONTH, filter: { createdAt: { gte: $from, lt: $to }, status: [PLACED, FULFILLED, RETIRING, COMPLETE] }) {
      groups { key count mass { tonnes } totalCosts { amount currency } }
    }
    byProject: orderStats(groupBy: PROJECT, filter: { createdAt: { gte: $from, lt: $to }, status: [COMPLETE] }) {
      groups { project { id name country registryName } mass { tonnes } }
    }
  }
`);

const EXPORTS = ["orders", "retirements", "ledger", "invoices", "payments"] as const;

export default function Statement() {
  const { t, tonnes, money, month, number } = useI18n();
  const nameOf = useCountryName();
  const { token, acting } = useSession();
  const [search, setSearch] = useSearchParams();
  const [failure, setFailure] = useState<string[]>([]);
  const year = Number(search.get("year")) || new Date().getUTCFullYear();
  const [result] = useQuery({
    query: StatementQuery,
    variables: { year, from: `${year}-01-01T00:00:00Z`, to: `${year + 1}-01-01T00:00:00Z` },
  });
  const first = result.data?.account ? new Date(result.data.account.createdAt).getUTCFullYear() : year;
  const years = Array.from({ length: new Date().getUTCFullYear() - first + 1 }, (_, index) => String(first + index)).reverse();
  const fetchExport = (name: string) =>
    download(`/${name}.csv`, `${name}.csv`, token.current.text, acting?.id ?? null).then(
      () => setFailure([]),
      (error: Error) => setFailure([error.message]),
    );
  return (
    <Page title={t("nav.statement")} about={t("statement.about")} actions={<button type="button" onClick={() => print()}>{t("statement.print")}</button>}>
      <div className="filters">
        <FieldRow
          field={{ name: "year", label: t("statement.year"), type: "select", options: years.map((each) => [each, each]) }}
          value={String(year)}
          set={(_, value) => setSearch({ year: value })}
        />
      </div>
      <Loaded of={result} lines={8}>
        {({ account, byStatus, byMonth, byProject }) => {
          const groups = byStatus?.groups ?? [];
          if (groups.length === 0) return <Empty>{t("statement.empty", { year: String(year) })}</Empty>;
          const complete = groups.find(({ key }) => key === "COMPLETE");
          return (
            <>
              <h2>{t("statement.of", { name: account?.name ?? "", year: String(year) })}</h2>
              <div className="figures">
                <Figure name={t("overview.retired")} value={complete ? tonnes(complete.mass) : tonnes({ tonnes: "0" })} about={t("overview.completed", { n: number(complete?.count ?? 0) })} />
                {groups.filter(({ key }) => key !== "COMPLETE").map(({ key, count, mass }) => (
                  <Figure key={key} name={t(`status.${key as "PLACED"}`)} value={tonnes(mass)} about={t("statement.orders", { n: number(count) })} />
                ))}
              </div>
              <Section title={t("overview.massByMonth")}>
                <Table
                  caption={t("overview.massByMonth")}
                  rows={[...(byMonth?.groups ?? [])].sort((a, b) => (a.key! < b.key! ? -1 : 1))}
                  rowKey={({ key }) => key!}
                  columns={[
                    { name: t("chart.period"), cell: ({ key }) => month(key!) },
                    { name: t("nav.orders"), cell: ({ count }) => number(count), numeric: true },
                    { name: t("order.mass"), cell: ({ mass }) => tonnes(mass), numeric: true },
                    { name: t("order.total"), cell: ({ totalCosts }) => totalCosts?.map(money).join(" · "), numeric: true },
                  ]}
                />
              </Section>
              {(byProject?.groups.length ?? 0) > 0 && (
                <Section title={t("statement.projects")}>
                  <Table
                    caption={t("statement.projects")}
                    rows={byProject!.groups}
                    rowKey={({ project }) => project?.id ?? ""}
                    columns={[
                      { name: t("order.project"), cell: ({ project }) => project?.name },
                      { name: t("statement.registry"), cell: ({ project }) => project?.registryName },
                      { name: t("statement.country"), cell: ({ project }) => project && nameOf(project.country) },
                      { name: t("order.mass"), cell: ({ mass }) => tonnes(mass), numeric: true },
                    ]}
                  />
                </Section>
              )}
            </>
          );
        }}
      </Loaded>
      <Section title={t("statement.files")}>
        {result.data?.account?.retirementStatement && (
          <div className="actions">
            <a className="button primary" href={here(result.data.account.retirementStatement.pdfUrl)}>{t("statement.pdf", { year: String(year) })}</a>
            <a className="button" href={here(result.data.account.retirementStatement.csvUrl)}>{t("statement.csv", { year: String(year) })}</a>
          </div>
        )}
        <p className="quiet">{t("statement.filesAbout")}</p>
        <Problems messages={failure} />
        <div className="actions">
          {EXPORTS.map((name) => (
            <button key={name} type="button" onClick={() => void fetchExport(name)}>{t(`export.${name}`)}</button>
          ))}
        </div>
      </Section>
    </Page>
  );
}
