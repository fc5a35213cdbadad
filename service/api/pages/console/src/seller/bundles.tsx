// Bundles: the list with prices, and how to create projects and bundles.
import { useQuery } from "urql";
import { useLocation } from "wouter";
import type { Approach, BundleListing, CarbonPermanence, OffsetType } from "../../generated/graphql";
import { graphql } from "../api";
import { useI18n } from "../i18n";
import { useAct } from "../ui/act";
import { FormDialog } from "../ui/dialogs";
import { List } from "../ui/list";
import { useNotice } from "../ui/notices";
import { Badge, Empty, Page } from "../ui/page";

const BundlesQuery = graphql(/* GraphQL */ `
  query Bundles($first: Int, $last: Int, $after: String, $before: String, $filter: BundleFilterInput) {
    bundles(first: $first, last: $last, after: $after, before: $before, filter: $filter) {
      totalCount
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      nodes { id name disabled currencies available { tonnes } projects { id name } prices { minimumMass { tonnes } unitPrice { amount currency } } }
    }
  }
`);
const ProjectsQuery = graphql(/* GraphQL */ `
  query BundleProjects { projects(first: 100) { nodes { id name } } }
`);
const CreateProjectMutation = graphql(/* GraphQL */ `
  mutation CreateProject($input: CreateProjectInput!) { createProject(input: $input) { project { id name } userErrors { message path } } }
`);
const CreateBundleMutation = graphql(/* GraphQL */ `
  mutation CreateBundle($input: CreateBundleInput!) { createBundle(input: $input) { bundle { id name } userErrors { message path } } }
`);

const OFFSETS: OffsetType[] = ["EMISSIONS_REDUCTION", "CARBON_REMOVAL"];
const APPROACHES: Approach[] = ["TRADITIONAL", "INNOVATIVE"];
const PERMANENCES: CarbonPermanence[] = ["LONG_TERM", "SHORT_TERM", "NO_STORAGE"];
/** A name as a slug: small letters, digits and hyphens. */
const slugOf = (name: string) =>
  name.normalize("NFKD").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");

export default function Bundles() {
  const { t, tonnes, money } = useI18n();
  return (
    <Page title={t("nav.bundles")} actions={<><CreateProject /><CreateBundle /></>}>
      <List
        document={BundlesQuery}
        caption={t("nav.bundles")}
        connection={({ bundles }) => bundles}
        filters={[
          { name: "text", label: t("clients.name") },
          { name: "listing", label: t("order.status"), options: [["ON_SALE", t("bundles.onSale")], ["DISABLED", t("bundles.disabled")]] },
        ]}
        variables={({ text, listing }) => ({
          filter: { listing: (listing as BundleListing) || "ALL", ...(text && { textContains: text }) },
        })}
        rowKey={({ id }) => id}
        href={({ id }) => `/seller/bundles/${id}`}
        empty={<Empty>{t("bundles.empty")}</Empty>}
        columns={[
          { name: t("order.bundle"), cell: (bundle) => bundle.name },
          { name: t("overview.byProject"), cell: (bundle) => bundle.projects.map(({ name }) => name).join(", ") },
          { name: t("order.status"), cell: (bundle) => <Badge tone={bundle.disabled ? "bad" : "good"}>{t(bundle.disabled ? "bundles.disabled" : "bundles.onSale")}</Badge> },
          { name: t("stock.available"), cell: (bundle) => tonnes(bundle.available), numeric: true },
          { name: t("order.unitPrice"), cell: (bundle) => (bundle.prices[0] ? money(bundle.prices[0].unitPrice) : bundle.currencies.length > 0 ? t("bundles.noPrice", { currencies: bundle.currencies.join(", ") }) : t("bundles.notSold")), numeric: true },
        ]}
      />
    </Page>
  );
}

function CreateProject() {
  const { t } = useI18n();
  const [create] = useAct(CreateProjectMutation);
  const notice = useNotice();
  return (
    <FormDialog
      action={t("bundles.createProject")}
      title={t("bundles.createProject")}
      fields={[
        { name: "name", label: t("clients.name"), path: "slug" },
        { name: "category", label: t("bundles.category"), hint: t("bundles.categoryHint") },
        { name: "type", label: t("bundles.type"), hint: t("bundles.typeHint") },
        { name: "country", label: t("statement.country"), hint: t("bundles.countryHint") },
        { name: "registryName", label: t("statement.registry"), hint: t("bundles.registryHint") },
        { name: "registryProjectId", label: t("bundles.registryProjectId"), optional: true },
        { name: "methodology", label: t("bundles.methodology"), optional: true },
        { name: "description", label: t("bundles.description"), type: "textarea" },
      ]}
      onSubmit={async ({ name, country, ...rest }) => {
        const { data, refusals } = await create({
          input: {
            slug: slugOf(name!), name: name!, country: country!.trim().toUpperCase(), category: rest.category!, type: rest.type!,
            registryName: rest.registryName!, description: rest.description!,
            registryProjectId: rest.registryProjectId || null, methodology: rest.methodology || null,
          },
        });
        if (data) notice(t("bundles.created", { name: name! }));
        return refusals;
      }}
    />
  );
}

function CreateBundle() {
  const { t } = useI18n();
  const [, navigate] = useLocation();
  const [{ data: choices }] = useQuery({ query: ProjectsQuery });
  const [create] = useAct(CreateBundleMutation);
  const projects = choices?.projects?.nodes ?? [];
  return (
    <FormDialog
      primary
      action={t("bundles.create")}
      title={t("bundles.create")}
      fields={[
        { name: "name", label: t("clients.name"), path: "slug" },
        { name: "description", label: t("bundles.description"), type: "textarea" },
        { name: "offsetType", label: t("bundles.offsetType"), type: "select", options: OFFSETS.map((each) => [each, t(`offset.${each}`)]) },
        { name: "approach", label: t("bundles.approach"), type: "select", options: APPROACHES.map((each) => [each, t(`approach.${each}`)]) },
        { name: "carbonPermanence", label: t("bundles.permanence"), type: "select", options: PERMANENCES.map((each) => [each, t(`permanence.${each}`)]) },
        ...projects.map(({ id, name }) => ({ name: id, label: name, type: "checkbox" as const, path: "projectIds" })),
      ]}
      onSubmit={async ({ name, description, offsetType, approach, carbonPermanence, ...chosen }) => {
        const { data, refusals } = await create({
          input: {
            slug: slugOf(name!), name: name!, description: description!,
            offsetType: offsetType as OffsetType, approach: approach as Approach, carbonPermanence: carbonPermanence as CarbonPermanence,
            projectIds: projects.filter(({ id }) => chosen[id] === "on").map(({ id }) => id),
          },
        });
        if (data?.createBundle?.bundle) navigate(`/seller/bundles/${data.createBundle.bundle.id}`);
        return refusals;
      }}
    />
  );
}
