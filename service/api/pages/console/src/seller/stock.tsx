// Stock by project and vintage.
import type { Mode } from "../../generated/graphql";
import { graphql } from "../api";
import { useI18n } from "../i18n";
import { useCountryName } from "../ui/country";
import { List, Table } from "../ui/list";
import { Badge, Empty, Page } from "../ui/page";

const StockQuery = graphql(/* GraphQL */ `
  query Stock($first: Int, $last: Int, $after: String, $before: String, $mode: Mode, $filter: ProjectFilterInput) {
    stock(first: $first, last: $last, after: $after, before: $before, mode: $mode, filter: $filter) {
      totalCount
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      nodes {
        mode waiting { grams tonnes } project { id name country registryName }
        vintages {
          vintage issued { tonnes } available { tonnes } notForSale { tonnes } held { tonnes } allocated { tonnes } retired { tonnes }
        }
      }
    }
  }
`);

export default function Stock() {
  const { t, tonnes } = useI18n();
  const nameOf = useCountryName();
  return (
    <Page title={t("nav.stock")} about={t("stock.about")}>
      <List
        document={StockQuery}
        caption={t("nav.stock")}
        pageSize={10}
        connection={({ stock }) => stock}
        filters={[
          { name: "text", label: t("stock.search") },
          { name: "mode", label: t("customers.mode"), options: [["LIVE", t("mode.LIVE")], ["TEST", t("mode.TEST")]] },
          { name: "inStock", label: t("stock.inStock"), options: [["true", t("stock.yes")], ["false", t("stock.no")]] },
        ]}
        variables={({ text, mode, inStock }) => ({
          mode: (mode as Mode) || null,
          filter: { ...(text && { textContains: text }), ...(inStock && { inStock: inStock === "true" }) },
        })}
        rowKey={({ project, mode }) => project.id + mode}
        empty={<Empty href="/seller/batches" action={t("batches.receive")}>{t("stock.empty")}</Empty>}
        columns={[
          {
            name: t("order.project"),
            cell: ({ project, mode, waiting }) => (
              <>
                <b>{project.name}</b>
                <p className="quiet">{project.registryName}, {nameOf(project.country)}</p>
                {mode === "TEST" && <Badge tone="wait">{t("mode.TEST")}</Badge>}
                {waiting.grams !== "0" && <p><Badge tone="wait">{t("stock.waiting", { mass: tonnes(waiting) })}</Badge></p>}
              </>
            ),
          },
          {
            name: t("stock.byVintage"),
            cell: ({ project, vintages }) => (
              <Table
                within
                caption={project.name}
                rows={vintages}
                rowKey={({ vintage }) => String(vintage)}
                columns={[
                  { name: t("order.vintage"), cell: ({ vintage }) => vintage },
                  { name: t("stock.available"), cell: ({ available }) => tonnes(available), numeric: true },
                  { name: t("stock.held"), cell: ({ held }) => tonnes(held), numeric: true },
                  { name: t("stock.allocated"), cell: ({ allocated }) => tonnes(allocated), numeric: true },
                  { name: t("order.retired"), cell: ({ retired }) => tonnes(retired), numeric: true },
                  { name: t("stock.notForSale"), cell: ({ notForSale }) => tonnes(notForSale), numeric: true },
                  { name: t("stock.issued"), cell: ({ issued }) => tonnes(issued), numeric: true },
                ]}
              />
            ),
          },
        ]}
      />
    </Page>
  );
}
