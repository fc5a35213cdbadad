// The account: its default portfolio, its contacts, and the links to its documents.
import { useQuery } from "urql";
import { graphql } from "../api";
import { useI18n } from "../i18n";
import { Lacking, useMay, useSession } from "../session";
import { useAct } from "../ui/act";
import { Shares } from "../ui/chart";
import { Contacts } from "../ui/contacts";
import { FormDialog } from "../ui/dialogs";
import { RevokeLinks } from "../ui/document_links";
import { useNotice } from "../ui/notices";
import { Badge, Facts, Loaded, Page, Section } from "../ui/page";

const SettingsQuery = graphql(/* GraphQL */ `
  query Settings($catalogue: Boolean!, $contacts: Boolean!) {
    account {
      id name mode currency beneficiary commissionPercent createdAt suspended
      portfolio @include(if: $catalogue) { id label weights { percentage bundle { id name } } }
      contacts @include(if: $contacts) { email name kinds optedOut }
    }
    portfolios(first: 50) @include(if: $catalogue) { nodes { id label } }
    bundles(first: 50) @include(if: $catalogue) { nodes { id name } }
  }
`);
const PortfolioMutation = graphql(/* GraphQL */ `
  mutation ChoosePortfolio($input: SetAccountPortfolioInput!) {
    setAccountPortfolio(input: $input) {
      account { id portfolio { id label weights { percentage bundle { id name } } } }
      userErrors { message path }
    }
  }
`);

type Named = { id: string; name: string };
type Portfolio = { id: string; label: string; weights: readonly { percentage: string; bundle: Named }[] };

export default function AccountPage() {
  const { t, date, percent } = useI18n();
  const { scopes } = useSession();
  const mayReadCatalogue = useMay("CATALOGUE_READ", "OPERATOR");
  const mayManage = useMay("ACCOUNT_MANAGE", "OPERATOR");
  const mayChoose = useMay("ORDERS_WRITE", "ACCOUNT_MANAGE", "OPERATOR");
  const [result] = useQuery({ query: SettingsQuery, variables: { catalogue: mayReadCatalogue, contacts: mayManage } });
  return (
    <Page title={t("nav.account")}>
      <Loaded of={result} lines={8}>
        {({ account, portfolios, bundles }) => (
          <>
            <div className="columns">
              <Section title={t("order.facts")}>
                <Facts
                  of={[
                    [t("keys.name"), account?.name],
                    [t("customers.mode"), account && <Badge tone={account.mode === "LIVE" ? "plain" : "wait"}>{t(`mode.${account.mode}`)}</Badge>],
                    [t("clients.currency"), account?.currency],
                    [t("order.beneficiary"), account?.beneficiary],
                    [t("order.commission"), account && t("account.ofTotal", { percent: percent(account.commissionPercent) })],
                    [t("keys.createdAt"), date(account?.createdAt)],
                    [t("account.permissions"), [...scopes].map((scope) => t(`scope.${scope}`)).join(", ")],
                  ]}
                />
                <p className="quiet">{t("account.factsAbout")}</p>
              </Section>
              <Section
                title={t("account.portfolio")}
                actions={mayChoose && account?.portfolio && (
                  <ChoosePortfolio current={account.portfolio} portfolios={portfolios?.nodes ?? []} bundles={bundles?.nodes ?? []} />
                )}
              >
                <p className="quiet">{t("account.portfolioAbout")}</p>
                {account?.portfolio ? (
                  <Shares
                    label={account.portfolio.label}
                    of={account.portfolio.weights.map(({ percentage, bundle }) => ({ name: bundle.name, percent: Number(percentage), shown: percent(percentage) }))}
                  />
                ) : (
                  <Lacking scope="CATALOGUE_READ" />
                )}
              </Section>
            </div>
            {account?.contacts ? (
              <Contacts contacts={account.contacts} />
            ) : (
              <Section title={t("contacts.title")}><Lacking scope="ACCOUNT_MANAGE" /></Section>
            )}
            <Section title={t("links.title")}>
              <p className="quiet">{t("links.aboutAll")}</p>
              {mayManage ? <div className="actions"><RevokeLinks /></div> : <Lacking scope="ACCOUNT_MANAGE" />}
            </Section>
          </>
        )}
      </Loaded>
    </Page>
  );
}

const OWN_MIX = "own";

type ChooseProps = { current: Portfolio; portfolios: readonly { id: string; label: string }[]; bundles: readonly Named[] };

function ChoosePortfolio({ current, portfolios, bundles }: ChooseProps) {
  const { t } = useI18n();
  const [choose] = useAct(PortfolioMutation);
  const notice = useNotice();
  const isShared = portfolios.some(({ id }) => id === current.id);
  return (
    <FormDialog
      action={t("clients.change")}
      title={t("account.portfolio")}
      about={<p className="quiet">{t("account.portfolioOwn")}</p>}
      fields={[
        {
          name: "portfolioId", label: t("buy.mixChoice"), type: "select", initial: isShared ? current.id : OWN_MIX,
          options: [...portfolios.map(({ id, label }): [string, string] => [id, label]), [OWN_MIX, t("buy.ownMix")]],
        },
        ...bundles.map(({ id, name }) => ({
          name: id, label: t("buy.shareOf", { name }), type: "decimal" as const, optional: true, path: "selection",
          initial: current.weights.find(({ bundle }) => bundle.id === id)?.percentage,
        })),
      ]}
      submit={t("action.save")}
      onSubmit={async ({ portfolioId, ...shares }) => {
        const selection = bundles.filter(({ id }) => shares[id]).map(({ id }) => ({ bundleId: id, percentage: shares[id]! }));
        const { data, refusals } = await choose({ input: portfolioId === OWN_MIX ? { selection } : { portfolioId: portfolioId! } });
        if (data) notice(t("account.portfolioSaved"));
        return refusals;
      }}
    />
  );
}
