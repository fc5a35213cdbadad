// Buying: how much, of which credits, and what it costs. The price is asked for while the reader types.
import { type FormEvent, useEffect, useState } from "react";
import { useQuery } from "urql";
import { useLocation, useSearchParams } from "wouter";
import type { PriceInput } from "../../generated/graphql";
import { graphql, type Refusal, refusalsOf } from "../api";
import { useI18n } from "../i18n";
import { useAct } from "../ui/act";
import { AirportField } from "../ui/airport_field";
import { Shares } from "../ui/chart";
import { type Field, FieldRow, initialOf, isNumeric, type Values } from "../ui/form";
import { Table } from "../ui/list";
import { Facts, Loaded, Page, Problems, Section, Skeleton } from "../ui/page";
import { ACTIVITIES, type Estimate, useActivityFields, useEstimate } from "./estimate_fields";

const ChoicesQuery = graphql(/* GraphQL */ `
  query BuyChoices {
    account { id currency portfolio { label weights { percentage bundle { id name } } } }
    portfolios(first: 20) { nodes { id label weights { percentage bundle { id name } } } }
    bundles(first: 50) { nodes { id name currencies available { tonnes } prices { minimumMass { tonnes } unitPrice { amount currency } } } }
  }
`);

const PriceQuery = graphql(/* GraphQL */ `
  query LivePrice($input: PriceInput!) {
    price(input: $input) {
      price {
        mass { tonnes } shortMass { grams tonnes }
        netCost { amount currency } commission { amount currency } totalCost { amount currency }
        lines { bundle { id name } mass { tonnes } unitPrice { amount currency } netCost { amount currency } }
      }
      userErrors { message path }
    }
  }
`);

const QuoteByMassMutation = graphql(/* GraphQL */ `
  mutation QuoteByMass($input: QuoteByMassInput!) {
    quote: quoteByMass(input: $input) { quote { id } userErrors { message path } }
  }
`);
const QuoteByValueMutation = graphql(/* GraphQL */ `
  mutation QuoteByValue($input: QuoteByValueInput!) {
    quote: quoteByValue(input: $input) { quote { id } userErrors { message path } }
  }
`);
const QuoteByEstimateMutation = graphql(/* GraphQL */ `
  mutation QuoteByEstimate($input: QuoteByEstimateInput!) {
    quote: quoteByEstimate(input: $input) { quote { id } userErrors { message path } }
  }
`);

const KINDS = ["mass", "value", ...ACTIVITIES] as const;
type Kind = (typeof KINDS)[number];
const TYPING_MS = 400;
const ACCOUNTS_OWN = "account";
const OWN_MIX = "own";

export default function Buy() {
  const { t } = useI18n();
  const [search, setSearch] = useSearchParams();
  const kind = KINDS.find((each) => each === search.get("kind")) ?? "mass";
  const [result] = useQuery({ query: ChoicesQuery });
  return (
    <Page title={t("nav.buy")} about={t("buy.about")}>
      <Section title={t("buy.how")}>
        <fieldset>
          <legend className="hidden">{t("buy.how")}</legend>
          <div className="kinds">
            {KINDS.map((each) => (
              <label key={each}>
                <input type="radio" name="kind" checked={each === kind} onChange={() => setSearch({ kind: each })} />
                {t(`buy.kind.${each}`)}
              </label>
            ))}
          </div>
        </fieldset>
      </Section>
      <Loaded of={result}>{(choices) => <Amount key={kind} kind={kind} choices={choices} />}</Loaded>
    </Page>
  );
}

type Weight = { percentage: string; bundle: { id: string; name: string } };
type Choices = {
  account?: { currency: string; portfolio: { label: string; weights: readonly Weight[] } } | null;
  portfolios?: { nodes: readonly { id: string; label: string; weights: readonly Weight[] }[] } | null;
  bundles?: { nodes: readonly { id: string; name: string; currencies: readonly string[]; available: { tonnes: string } }[] } | null;
};

function Amount({ kind, choices }: { kind: Kind; choices: Choices }) {
  const { t, tonnes, percent, number, decimal, currencyName } = useI18n();
  const [, navigate] = useLocation();
  const activityFields = useActivityFields();
  const estimateActivity = useEstimate();
  const [byMass] = useAct(QuoteByMassMutation);
  const [byValue] = useAct(QuoteByValueMutation);
  const [byEstimate] = useAct(QuoteByEstimateMutation);
  const own = choices.account?.currency ?? "";
  const [currency, setCurrency] = useState(own);
  const currencies = [...new Set([own, ...(choices.bundles?.nodes ?? []).flatMap((each) => each.currencies).sort()])];
  const isActivity = kind !== "mass" && kind !== "value";
  const fields: Field[] = isActivity
    ? activityFields[kind]
    : kind === "mass"
      ? [{ name: "amount", label: t("buy.massAmount"), type: "decimal", hint: t("buy.massHint", { example: number("0.5") }), path: "mass" }]
      : [{ name: "amount", label: t("buy.valueAmount", { currency }), type: "decimal", hint: t("buy.valueHint"), path: "value" }];

  const [values, setValues] = useState<Values>(() => initialOf(fields));
  const [mix, setMix] = useState(ACCOUNTS_OWN);
  const [shares, setShares] = useState<Values>({});
  const [hold, setHold] = useState(false);
  const [estimate, setEstimate] = useState<Estimate>();
  const [refusals, setRefusals] = useState<Refusal[]>([]);
  const [sending, setSending] = useState(false);
  const set = (name: string, value: string) => {
    setValues((old) => ({ ...old, [name]: value }));
    setEstimate(undefined);
  };

  const chosen =
    mix === OWN_MIX
      ? { selection: Object.entries(shares).filter(([, share]) => share).map(([bundleId, share]) => ({ bundleId, percentage: decimal(share) })) }
      : mix === ACCOUNTS_OWN
        ? {}
        : { portfolioId: mix };
  const amount = decimal(values.amount ?? "");
  const isReady = isActivity ? estimate !== undefined : /^\d*\.?\d+$/.test(amount) && Number(amount) > 0;
  const wanted = isActivity
    ? { estimateId: estimate?.id ?? "" }
    : kind === "mass"
      ? { mass: { amount, unit: "TONNE" as const } }
      : { value: { amount, currency } };
  const input = { ...chosen, ...wanted, ...(kind !== "value" && { currency }) };
  const isMixed = mix !== OWN_MIX || (chosen.selection?.length ?? 0) > 0;

  const send = async (event: FormEvent) => {
    event.preventDefault();
    if (sending) return;
    setSending(true);
    if (isActivity && !estimate) {
      const plain = Object.fromEntries(fields.filter(isNumeric).map(({ name }) => [name, decimal(values[name] ?? "")]));
      const made = await estimateActivity(kind, { ...values, ...plain });
      setRefusals(made.refusals);
      setEstimate(made.estimate ?? undefined);
    } else {
      const { data, refusals: refused } = isActivity
        ? await byEstimate({ input: { ...chosen, currency, estimateId: estimate!.id, hold } })
        : kind === "mass"
          ? await byMass({ input: { ...chosen, currency, mass: { amount, unit: "TONNE" }, hold } })
          : await byValue({ input: { ...chosen, value: { amount, currency }, hold } });
      setRefusals(refused);
      if (data?.quote?.quote) navigate(`/buy/quotes/${data.quote.quote.id}`);
    }
    setSending(false);
  };
  const portfolio = choices.portfolios?.nodes.find(({ id }) => id === mix) ?? choices.account?.portfolio;
  const refusalOf = (field: Field) => refusals.find(({ path }) => path.includes(field.path ?? field.name))?.message;
  const others = refusals.filter((each) => !fields.some((field) => refusalOf(field) === each.message));

  return (
    <form className="columns" onSubmit={send}>
      <div>
        <Section title={t(`buy.kind.${kind}`)}>
          <div className="form">
            <Problems messages={others.map(({ message }) => message)} />
            {kind === "flight" && (
              <>
                <AirportField label={t("flight.origin")} onChoose={(code) => set("origin", code)} />
                <AirportField label={t("flight.destination")} onChoose={(code) => set("destination", code)} />
              </>
            )}
            {fields.map((field) => (
              <FieldRow key={field.name} field={field} value={values[field.name] ?? ""} refusal={refusalOf(field)} set={set} />
            ))}
          </div>
          {estimate && (
            <div role="status">
              <p><b>{t("buy.estimated", { mass: tonnes(estimate.mass) })}</b></p>
              <details>
                <summary>{t("buy.working")}</summary>
                {estimate.working.map((line) => <p key={line} dir="ltr">{line}</p>)}
                {estimate.factor && <p className="quiet">{t("buy.factor", { source: estimate.factor.source, year: String(estimate.factor.year) })}</p>}
              </details>
            </div>
          )}
        </Section>
        <Section title={t("buy.mix")}>
          <div className="form">
            <FieldRow
              field={{
                name: "mix", label: t("buy.mixChoice"), type: "select",
                options: [
                  [ACCOUNTS_OWN, t("buy.ownPortfolio", { name: choices.account?.portfolio.label ?? "" })],
                  ...(choices.portfolios?.nodes ?? []).map(({ id, label }): [string, string] => [id, label]),
                  [OWN_MIX, t("buy.ownMix")],
                ],
              }}
              value={mix}
              set={(_, value) => setMix(value)}
            />
            {mix === OWN_MIX
              ? choices.bundles?.nodes.filter((each) => each.currencies.includes(currency)).map(({ id, name, available }) => (
                  <FieldRow
                    key={id}
                    field={{ name: id, label: t("buy.shareOf", { name }), type: "decimal", optional: true, hint: t("buy.available", { mass: tonnes(available) }) }}
                    value={shares[id] ?? ""}
                    set={(bundle, share) => setShares((old) => ({ ...old, [bundle]: share.trim() }))}
                  />
                ))
              : portfolio && (
                  <Shares
                    label={portfolio.label}
                    of={portfolio.weights.map(({ percentage, bundle }) => ({ name: bundle.name, percent: Number(percentage), shown: percent(percentage) }))}
                  />
                )}
          </div>
        </Section>
      </div>
      <Section title={t("buy.price")}>
        {currencies.length > 1 && (
          <FieldRow
            field={{ name: "currency", label: t("clients.currency"), type: "select", options: currencies.map((each) => [each, currencyName(each)]) }}
            value={currency}
            set={(_, value) => setCurrency(value)}
          />
        )}
        {isReady && isMixed ? <LivePrice input={input} /> : <p className="quiet">{t(isActivity ? "buy.estimateFirst" : "buy.amountFirst")}</p>}
        <FieldRow
          field={{ name: "hold", label: t("buy.hold"), type: "checkbox", hint: t("buy.holdHint") }}
          value={hold ? "on" : ""}
          set={(_, value) => setHold(value === "on")}
        />
        <div className="actions">
          <button type="submit" className="primary" aria-busy={sending} aria-disabled={sending}>
            {isActivity && !estimate ? t("buy.calculate") : t("buy.continue")}
          </button>
        </div>
      </Section>
    </form>
  );
}

/** The price of what is typed, asked for once the reader pauses. */
function LivePrice({ input }: { input: PriceInput }) {
  const { t, tonnes, money } = useI18n();
  const typed = JSON.stringify(input);
  const [settled, setSettled] = useState(typed);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(typed), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  const [{ data, error, stale }] = useQuery({ query: PriceQuery, variables: { input: JSON.parse(settled) as PriceInput } });
  if (error) return <Problems messages={refusalsOf(error, t("form.unreadable")).map(({ message }) => message)} />;
  if (!data?.price) return <Skeleton lines={3} />;
  const { price, userErrors } = data.price;
  if (!price) return <Problems messages={userErrors.map(({ message }) => message)} />;
  return (
    <div aria-live="polite" aria-busy={stale || settled !== typed}>
      <p className="figure"><span className="value">{money(price.totalCost)}</span> {t("buy.for", { mass: tonnes(price.mass) })}</p>
      <Facts
        of={[
          [t("order.net"), money(price.netCost)],
          [t("order.commission"), Number(price.commission.amount) > 0 ? money(price.commission) : null],
        ]}
      />
      {price.shortMass.grams !== "0" && <p className="problem">{t("buy.short", { mass: tonnes(price.shortMass) })}</p>}
      <Table
        caption={t("buy.price")}
        rows={price.lines}
        rowKey={({ bundle }) => bundle.id}
        columns={[
          { name: t("order.bundle"), cell: ({ bundle }) => bundle.name },
          { name: t("order.mass"), cell: ({ mass }) => tonnes(mass), numeric: true },
          { name: t("order.unitPrice"), cell: ({ unitPrice }) => money(unitPrice), numeric: true },
          { name: t("order.net"), cell: ({ netCost }) => money(netCost), numeric: true },
        ]}
      />
    </div>
  );
}
