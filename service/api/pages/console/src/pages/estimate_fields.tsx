// Activities whose emissions are estimated: their fields, and the mutations that estimate them.
import type { EnergyUnit, CabinClass, VehicleType } from "../../generated/graphql";
import { graphql, type Refusal } from "../api";
import { useI18n } from "../i18n";
import { useAct } from "../ui/act";
import type { Field, Values } from "../ui/form";

export const ACTIVITIES = ["flight", "electricity", "freight", "drive"] as const;
export type Activity = (typeof ACTIVITIES)[number];

const FlightMutation = graphql(/* GraphQL */ `
  mutation EstimateFlight($input: CreateFlightEstimateInput!) {
    create: createFlightEstimate(input: $input) {
      estimate { id mass { tonnes kilograms } working factor { source year url } }
      userErrors { message path }
    }
  }
`);
const ElectricityMutation = graphql(/* GraphQL */ `
  mutation EstimateElectricity($input: CreateElectricityEstimateInput!) {
    create: createElectricityEstimate(input: $input) {
      estimate { id mass { tonnes kilograms } working factor { source year url } }
      userErrors { message path }
    }
  }
`);
const FreightMutation = graphql(/* GraphQL */ `
  mutation EstimateAirFreight($input: CreateAirFreightEstimateInput!) {
    create: createAirFreightEstimate(input: $input) {
      estimate { id mass { tonnes kilograms } working factor { source year url } }
      userErrors { message path }
    }
  }
`);
const DriveMutation = graphql(/* GraphQL */ `
  mutation EstimateDrive($input: CreateGroundTransportEstimateInput!) {
    create: createGroundTransportEstimate(input: $input) {
      estimate { id mass { tonnes kilograms } working factor { source year url } }
      userErrors { message path }
    }
  }
`);

export type Estimate = {
  id: string;
  mass: { tonnes: string; kilograms: string };
  working: readonly string[];
  factor?: { source: string; year: number; url: string } | null;
};

const CABINS: CabinClass[] = ["ECONOMY", "PREMIUM_ECONOMY", "BUSINESS", "FIRST"];
const VEHICLES: VehicleType[] = ["PASSENGER_CAR_VAN_OR_SUV", "SMALL_BUS", "SCHOOL_BUS", "COACH_BUS"];
const UNITS: EnergyUnit[] = ["KILOWATT_HOUR", "MEGAWATT_HOUR", "GIGAWATT_HOUR"];

/** The fields of each activity. The airports of a flight have fields of their own. */
export function useActivityFields(): Record<Activity, Field[]> {
  const { t } = useI18n();
  return {
    flight: [
      { name: "passengers", label: t("flight.passengers"), type: "number", initial: "1" },
      { name: "cabinClass", label: t("flight.cabin"), type: "select", options: CABINS.map((each) => [each, t(`cabin.${each}`)]) },
    ],
    electricity: [
      { name: "amount", label: t("electricity.amount"), type: "decimal" },
      { name: "unit", label: t("electricity.unit"), type: "select", options: UNITS.map((each) => [each, t(`energy.${each}`)]) },
      { name: "country", label: t("electricity.country"), optional: true, hint: t("electricity.countryHint") },
    ],
    freight: [
      { name: "freightMassKg", label: t("freight.mass"), type: "decimal" },
      { name: "distanceKm", label: t("freight.distance"), type: "decimal" },
    ],
    drive: [
      { name: "distanceKm", label: t("drive.distance"), type: "decimal" },
      { name: "vehicleType", label: t("drive.vehicle"), type: "select", options: VEHICLES.map((each) => [each, t(`vehicle.${each}`)]) },
    ],
  };
}

/** Return the function that estimates an activity. */
export function useEstimate() {
  const [flight] = useAct(FlightMutation);
  const [electricity] = useAct(ElectricityMutation);
  const [freight] = useAct(FreightMutation);
  const [drive] = useAct(DriveMutation);
  return async (kind: Activity, values: Values): Promise<{ estimate?: Estimate | null; refusals: Refusal[] }> => {
    const { amount = "", unit, country, freightMassKg = "", distanceKm = "", origin = "", destination = "" } = values;
    const send = {
      flight: () =>
        flight({
          input: {
            route: { airports: { origin, destination } },
            passengers: Number(values.passengers),
            cabinClass: values.cabinClass as CabinClass,
          },
        }),
      electricity: () =>
        electricity({ input: { amount, unit: unit as EnergyUnit, country: country?.trim().toUpperCase() || null } }),
      freight: () => freight({ input: { freightMassKg, distanceKm } }),
      drive: () => drive({ input: { distanceKm, vehicleType: values.vehicleType as VehicleType } }),
    }[kind];
    const { data, refusals } = await send();
    return { estimate: data?.create?.estimate, refusals };
  };
}
