// One bundle: its prices by tier, with a preview of what a tonne costs, and whether it is on sale.
import { type FormEvent, useState } from "react";
import { useParams } from "wouter";
import type { BundleQuery as BundleData } from "../../generated/graphql";
import { graphql, type Refusal } from "../api";
import { isDecimal, useI18n } from "../i18n";
import { useAct } from "../ui/act";
import { useCurrencies } from "../ui/currencies";
import { Confirm } from "../ui/dialogs";
import { FieldRow } from "../ui/form";
import { Table } from "../ui/list";
import { useLiveQuery } from "../ui/live";
import { useNotice } from "../ui/notices";
import { Badge, Empty, Facts, Loaded, Page, Problems, Section } from "../ui/page";

const BundleQuery = graphql(/* GraphQL */ `
  query Bundle($id: ID!) {
    bundle(id: $id) {
      id name description disabled currencies offsetType approach carbonPermanence available { tonnes }
      projects { id name }
      prices { minimumMass { tonnes } unitPrice { amount currency } }
    }
    account { id currency }
  }
`);
const PriceMutation = graphql(/* GraphQL */ `
  mutation SetPrice($input: SetPriceInput!) {
    setPrice(input: $input) { bundle { id currencies prices { unitPrice { amount currency } } } userErrors { message path } }
  }
`);
const DisableMutation = graphql(/* GraphQL */ `
  mutation DisableBundle($id: ID!) { disableBundle(input: { bundleId: $id }) { bundle { id disabled } userErrors { message path } } }
`);
const EnableMutation = graphql(/* GraphQL */ `
  mutation EnableBundle($id: ID!) { enableBundle(input: { bundleId: $id }) { bundle { id disabled } userErrors { message path } } }
`);

type Bundle = NonNullable<BundleData["bundle"]>;
type Tier = { minimum: string; price: string };
const EMPTY: Tier[] = [{ minimum: "0", price: "" }];
/** The refusal of a field: of a tier, the member or the tier itself is the last part of its path. */
const refusalOf = (refusals: Refusal[], index: number, member: "minimumMass" | "unitPrice") =>
  refusals.find(({ path }) => {
    const [place, name] = path.slice(path.indexOf("tiers") + 1);
    return path.includes("tiers") && place === String(index) && (name ?? "unitPrice") === member;
  });
const isAmount = (text: string) => isDecimal(text) && !text.startsWith("-");
const SAMPLES = ["0.1", "1", "10", "100", "1000", "10000"];

export default function BundlePage() {
  const { id } = useParams<{ id: string }>();
  const { t, tonnes } = useI18n();
  const [result] = useLiveQuery({ query: BundleQuery, variables: { id } });
  const [disable] = useAct(DisableMutation);
  const [enable] = useAct(EnableMutation);
  return (
    <Loaded of={result} lines={8}>
      {({ bundle, account }) =>
        !bundle ? (
          <Page title={t("nav.bundles")}><Empty href="/seller/bundles" action={t("nav.bundles")}>{t("bundles.unknown")}</Empty></Page>
        ) : (
          <Page
            title={bundle.name}
            about={<Badge tone={bundle.disabled ? "bad" : "good"}>{t(bundle.disabled ? "bundles.disabled" : "bundles.onSale")}</Badge>}
            actions={
              bundle.disabled ? (
                <button type="button" onClick={() => void enable({ id: bundle.id })}>{t("bundles.enable")}</button>
              ) : (
                <Confirm
                  action={t("bundles.disable")}
                  question={t("bundles.disableQuestion", { name: bundle.name })}
                  about={t("bundles.disableAbout")}
                  onConfirm={async () => (await disable({ id: bundle.id })).refusals}
                />
              )
            }
          >
            <Section title={t("order.facts")}>
              <Facts
                of={[
                  [t("bundles.description"), bundle.description],
                  [t("overview.byProject"), bundle.projects.map(({ name }) => name).join(", ")],
                  [t("bundles.offsetType"), t(`offset.${bundle.offsetType}`)],
                  [t("bundles.permanence"), t(`permanence.${bundle.carbonPermanence}`)],
                  [t("stock.available"), tonnes(bundle.available)],
                ]}
              />
            </Section>
            <Prices bundle={bundle} currency={bundle.prices[0]?.unitPrice.currency ?? account?.currency ?? ""} />
          </Page>
        )
      }
    </Loaded>
  );
}

function Prices({ bundle, currency: first }: { bundle: Bundle; currency: string }) {
  const { t, tonnes, money, number, decimal, typed } = useI18n();
  const [set] = useAct(PriceMutation);
  const notice = useNotice();
  const { all: currencies } = useCurrencies([first]);
  const [currency, setCurrency] = useState(first);
  const shown = bundle.prices.length
    ? bundle.prices.map(({ minimumMass, unitPrice }) => ({ minimum: typed(minimumMass.tonnes), price: typed(unitPrice.amount) }))
    : EMPTY;
  const [tiers, setTiers] = useState<Tier[]>(shown);
  const [refusals, setRefusals] = useState<Refusal[]>([]);
  const choose = (code: string) => {
    setRefusals([]);
    setCurrency(code);
    setTiers(code === first ? shown : EMPTY);
  };
  const isKept = currency !== first && bundle.currencies.includes(currency);
  const change = (index: number, changed: Partial<Tier>) =>
    setTiers((old) => old.map((tier, each) => (each === index ? { ...tier, ...changed } : tier)));
  const plain = tiers.map(({ minimum, price }) => ({ minimum: decimal(minimum), price: decimal(price) }));
  const filled = plain.filter(({ minimum, price }) => Number(price) > 0 && isDecimal(minimum));
  const sorted = [...filled].sort((a, b) => Number(b.minimum) - Number(a.minimum));
  const samples = SAMPLES.map((mass) => ({ mass, tier: sorted.find(({ minimum }) => Number(minimum) <= Number(mass)) }));
  const send = async (event: FormEvent) => {
    event.preventDefault();
    const message = t("form.number", { example: number(5000.5) });
    const wrong = plain.flatMap(({ minimum, price }, index) => [
      ...(isAmount(minimum) ? [] : [{ message, path: ["tiers", String(index), "minimumMass"] }]),
      ...(isAmount(price) ? [] : [{ message, path: ["tiers", String(index), "unitPrice"] }]),
    ]);
    if (wrong.length > 0) return setRefusals(wrong);
    const { data, refusals: refused } = await set({
      input: {
        bundleId: bundle.id,
        currency,
        tiers: plain.map(({ minimum, price }) => ({ minimumMass: { amount: minimum, unit: "TONNE" }, unitPrice: price })),
      },
    });
    setRefusals(refused);
    if (data) notice(t("bundles.priced", { name: bundle.name }));
  };
  const placed = tiers.flatMap((_, index) => (["minimumMass", "unitPrice"] as const).map((member) => refusalOf(refusals, index, member)));
  const others = refusals.filter((refusal) => !placed.includes(refusal));
  return (
    <Section title={t("bundles.prices")}>
      <form className="columns" onSubmit={send}>
        <div className="form">
          <Problems messages={others.map(({ message }) => message)} />
          <p className="quiet">{t("bundles.pricesAbout")}</p>
          {bundle.currencies.length > 0 && (
            <div className="actions">
              <span>{t("bundles.pricedIn")}</span>
              {bundle.currencies.map((code) => (
                <button key={code} type="button" aria-pressed={code === currency} onClick={() => choose(code)}>{code}</button>
              ))}
            </div>
          )}
          {isKept && <p className="quiet">{t("bundles.kept", { currency, own: first })}</p>}
          <FieldRow field={{ name: "currency", label: t("clients.currency"), type: "select", options: currencies }} value={currency} set={(_, value) => choose(value)} />
          {tiers.map(({ minimum, price }, index) => (
            <fieldset key={index} className="pair">
              <legend>{t("bundles.tier", { n: index + 1 })}</legend>
              <FieldRow field={{ name: "minimum", label: t("bundles.minimum"), type: "decimal" }} value={minimum} refusal={refusalOf(refusals, index, "minimumMass")?.message} set={(_, value) => change(index, { minimum: value })} />
              <FieldRow field={{ name: "price", label: t("order.unitPrice"), type: "decimal" }} value={price} refusal={refusalOf(refusals, index, "unitPrice")?.message} set={(_, value) => change(index, { price: value })} />
              {tiers.length > 1 && (
                <button type="button" aria-label={t("bundles.removeTier", { n: index + 1 })} onClick={() => {
                    setTiers(tiers.filter((_, each) => each !== index));
                    setRefusals([]); // their places in the list have changed
                  }}>×</button>
              )}
            </fieldset>
          ))}
          <div className="actions">
            <button type="button" onClick={() => setTiers([...tiers, { minimum: "", price: "" }])}>{t("bundles.addTier")}</button>
            <button type="submit" className="primary">{t("bundles.setPrice")}</button>
          </div>
        </div>
        <div>
          <h3>{t("bundles.preview")}</h3>
          <Table
            caption={t("bundles.preview")}
            rows={samples}
            rowKey={({ mass }) => mass}
            columns={[
              { name: t("bundles.orderOf"), cell: ({ mass }) => tonnes({ tonnes: mass }) },
              {
                name: t("order.unitPrice"), numeric: true,
                cell: ({ tier }) => (tier ? money({ amount: tier.price, currency }) : isKept ? t("bundles.noPrice", { currencies: currency }) : t("bundles.notSold")),
              },
            ]}
          />
        </div>
      </form>
    </Section>
  );
}
