// Currencies to choose from: those in which bundles have prices.
import { useQuery } from "urql";
import { config, graphql } from "../api";
import { useI18n } from "../i18n";

const CurrenciesQuery = graphql(/* GraphQL */ `
  query PricedCurrencies { bundles(first: 100, filter: { listing: ALL }) { nodes { id currencies } } }
`);

type Options = [string, string][];

/** Options of a field: the currencies that have prices, after the `first` ones, and those with `all` that could have them. */
export function useCurrencies(first: string[] = []): { priced: Options; all: Options } {
  const { currencyName } = useI18n();
  const [{ data }] = useQuery({ query: CurrenciesQuery });
  const found = (data?.bundles?.nodes ?? []).flatMap(({ currencies }) => currencies).sort();
  const named = (codes: string[]) => [...new Set(codes)].map((code): [string, string] => [code, currencyName(code)]);
  const priced = [...first, ...found].filter(Boolean);
  return { priced: named(priced.length ? priced : config.currencies), all: named([...priced, ...config.currencies]) };
}
