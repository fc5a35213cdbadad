// Names of the countries that projects are in.
import { useQuery } from "urql";
import { graphql } from "../api";
import { useI18n } from "../i18n";

const CountriesQuery = graphql(/* GraphQL */ `
  query Countries { countries { alpha2 alpha3 } }
`);

/** Return the function that names a country in the reader's language by its code of three letters. */
export function useCountryName(): (alpha3: string) => string {
  const { country } = useI18n();
  const [{ data }] = useQuery({ query: CountriesQuery, requestPolicy: "cache-first" });
  return (alpha3) => {
    const found = data?.countries?.find((each) => each.alpha3 === alpha3);
    return found ? country(found.alpha2) : alpha3;
  };
}
