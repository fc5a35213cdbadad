// A field for an airport, found by code, name or city.
import { Combobox } from "@base-ui/react/combobox";
import { useId, useState } from "react";
import { useQuery } from "urql";
import { graphql } from "../api";
import { useI18n } from "../i18n";

const AirportsQuery = graphql(/* GraphQL */ `
  query Airports($search: String!) { airports(search: $search, first: 8) { code name city country } }
`);

type Airport = { code: string; name: string; city: string; country: string };
const textOf = ({ code, city, name }: Airport) => `${code} · ${city || name}`;

export function AirportField({ label, onChoose }: { label: string; onChoose: (code: string) => void }) {
  const { t, country } = useI18n();
  const id = useId();
  const [typed, setTyped] = useState("");
  const [{ data }] = useQuery({ query: AirportsQuery, variables: { search: typed }, pause: typed.length < 2 });
  const items: Airport[] = typed.length < 2 ? [] : [...(data?.airports ?? [])];
  return (
    <div className="field">
      <Combobox.Root
        items={items}
        filter={null}
        itemToStringLabel={textOf}
        onInputValueChange={(value) => setTyped(value.split(" · ")[0]!)}
        onValueChange={(airport: Airport | null) => onChoose(airport?.code ?? "")}
      >
        <label htmlFor={id}>{label}</label>
        <Combobox.Input id={id} placeholder={t("flight.search")} />
        <Combobox.Portal>
          <Combobox.Positioner className="over" sideOffset={4}>
            <Combobox.Popup className="popup">
              <Combobox.Empty>{typed.length >= 2 && <p className="quiet">{t("flight.none")}</p>}</Combobox.Empty>
              <Combobox.List>
                {(airport: Airport) => (
                  <Combobox.Item key={airport.code} value={airport}>
                    <b>{airport.code}</b> {airport.name}, {airport.city} <span className="quiet">{country(airport.country)}</span>
                  </Combobox.Item>
                )}
              </Combobox.List>
            </Combobox.Popup>
          </Combobox.Positioner>
        </Combobox.Portal>
      </Combobox.Root>
    </div>
  );
}
