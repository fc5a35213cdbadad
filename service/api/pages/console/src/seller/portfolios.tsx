// Portfolios that all customers can choose: bundles with shares.
import { useQuery } from "urql";
import { graphql } from "../api";
import { useI18n } from "../i18n";
import { useAct } from "../ui/act";
import { Shares } from "../ui/chart";
import { FormDialog } from "../ui/dialogs";
import { List } from "../ui/list";
import { useNotice } from "../ui/notices";
import { Empty, Page } from "../ui/page";

const PortfoliosQuery = graphql(/* GraphQL */ `
  query Portfolios($first: Int, $last: Int, $after: String, $before: String) {
    portfolios(first: $first, last: $last, after: $after, before: $before) {
      totalCount
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      nodes { id identifier label weights { percentage bundle { id name } } }
    }
  }
`);
const BundleChoicesQuery = graphql(/* GraphQL */ `
  query BundleChoices { bundles(first: 50) { nodes { id name } } }
`);
const SetMutation = graphql(/* GraphQL */ `
  mutation SetPortfolio($input: SetPortfolioInput!) { setPortfolio(input: $input) { portfolio { id label } userErrors { message path } } }
`);

type Portfolio = { identifier: string; label: string; weights: readonly { percentage: string; bundle: { id: string } }[] };

export default function Portfolios() {
  const { t, percent } = useI18n();
  return (
    <Page title={t("nav.portfolios")} about={t("portfolios.about")} actions={<Change />}>
      <List
        document={PortfoliosQuery}
        caption={t("nav.portfolios")}
        connection={({ portfolios }) => portfolios}
        rowKey={({ id }) => id}
        empty={<Empty>{t("portfolios.empty")}</Empty>}
        columns={[
          { name: t("buy.mixChoice"), cell: ({ label, identifier }) => <><b>{label}</b><p className="quiet" dir="ltr">{identifier}</p></> },
          {
            name: t("portfolios.shares"),
            cell: ({ label, weights }) => (
              <Shares label={label} of={weights.map(({ percentage, bundle }) => ({ name: bundle.name, percent: Number(percentage), shown: percent(percentage) }))} />
            ),
          },
          { name: t("list.actions"), cell: (portfolio) => <Change portfolio={portfolio} /> },
        ]}
      />
    </Page>
  );
}

function Change({ portfolio }: { portfolio?: Portfolio }) {
  const { t } = useI18n();
  const [{ data }] = useQuery({ query: BundleChoicesQuery });
  const [set] = useAct(SetMutation);
  const notice = useNotice();
  const bundles = data?.bundles?.nodes ?? [];
  return (
    <FormDialog
      primary={!portfolio}
      action={t(portfolio ? "clients.change" : "portfolios.create")}
      title={portfolio?.label ?? t("portfolios.create")}
      about={<p className="quiet">{t("portfolios.sharesHint")}</p>}
      fields={[
        ...(portfolio ? [] : [{ name: "identifier", label: t("portfolios.identifier"), hint: t("portfolios.identifierHint") }]),
        { name: "label", label: t("clients.name"), initial: portfolio?.label },
        ...bundles.map(({ id, name }) => ({
          name: id, label: t("buy.shareOf", { name }), type: "decimal" as const, optional: true, path: "selection",
          initial: portfolio?.weights.find(({ bundle }) => bundle.id === id)?.percentage,
        })),
      ]}
      submit={t("action.save")}
      onSubmit={async ({ identifier, label, ...shares }) => {
        const selection = bundles.filter(({ id }) => shares[id]).map(({ id }) => ({ bundleId: id, percentage: shares[id]! }));
        const { data: done, refusals } = await set({ input: { identifier: portfolio?.identifier ?? identifier!, label: label!, selection } });
        if (done) notice(t("portfolios.saved", { name: label! }));
        return refusals;
      }}
    />
  );
}
